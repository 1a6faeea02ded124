package figure

// maxColumns is the number of columns a long series is reduced to; each keeps
// up to four points. It exceeds the pixels that a column of the SVG gets on
// common screens only slightly, so that nothing visible is lost.
const maxColumns = 400

// Downsample returns at most 4·columns of the points: of every column of equal
// width the first, the lowest, the highest and the last, in their order (known
// as M4). A gap inside a column is narrower than the column and disappears;
// a gap between columns stays. Points must be ascending in X; as many as fit
// are returned unchanged. A columns below 1 counts as 1.
func Downsample(points []Point, columns int) []Point {
	columns = max(columns, 1)
	if len(points) <= 4*columns {
		return points
	}
	from, to := points[0].X, points[len(points)-1].X
	if to <= from {
		return column(nil, points)
	}
	kept := make([]Point, 0, 4*columns)
	begin, current := 0, 0
	for i, p := range points {
		c := min(int((p.X-from)/(to-from)*float64(columns)), columns-1)
		if c != current {
			kept = column(kept, points[begin:i])
			begin, current = i, c
		}
	}
	return column(kept, points[begin:])
}

// column appends the first, lowest, highest and last of the points, each once.
func column(kept, points []Point) []Point {
	if len(points) == 0 {
		return kept
	}
	low, high := 0, 0
	for i, p := range points {
		if p.Y < points[low].Y {
			low = i
		}
		if p.Y > points[high].Y {
			high = i
		}
	}
	last := len(points) - 1
	taken := -1
	for _, i := range []int{0, min(low, high), max(low, high), last} {
		if i <= taken {
			continue
		}
		p := points[i]
		// Only the first point of a column can follow a visible gap.
		p.Gap = p.Gap && i == 0
		kept = append(kept, p)
		taken = i
	}
	return kept
}

// segments splits the points at their gaps, after reducing them.
func segments(points []Point) [][]Point {
	points = Downsample(points, maxColumns)
	var split [][]Point
	begin := 0
	for i, p := range points {
		if p.Gap && i > begin {
			split = append(split, points[begin:i])
			begin = i
		}
	}
	if begin < len(points) {
		split = append(split, points[begin:])
	}
	return split
}
