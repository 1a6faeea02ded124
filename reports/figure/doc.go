// Package figure draws the plots of a run, one a file, with gonum/plot.
//
// A figure keeps its legend and its list of events below the data area, where
// they cannot hide anything, and tells its series apart by dash pattern, marker
// and line weight besides colour, so that it reads the same printed in grey.
// However long the run, a series is drawn with a bounded number of points that
// keeps the smallest and the largest value of every column of pixels.
//
// The package is pure: the same Run gives the same bytes of SVG.
package figure
