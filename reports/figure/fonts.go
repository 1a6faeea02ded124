package figure

import (
	"embed"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
)

// fonts are the characters that figures are measured with: an SVG that has them needs none of
// its reader's.
//
//go:embed fonts/*.woff2
var fonts embed.FS

// fontFamily is what SVGs write text in; the others have the same metrics.
const fontFamily = "'Secondwind Sans','Liberation Sans',Arial,sans-serif"

// FontFaces is the style sheet that an SVG of a page needs for its text.
var FontFaces = sync.OnceValue(func() (css string) {
	for _, name := range []string{"regular", "bold"} {
		data, _ := fonts.ReadFile("fonts/sans-" + name + ".woff2") // which is embedded
		css += fmt.Sprintf("@font-face{font-family:'Secondwind Sans';font-weight:%[1]s;src:url(data:font/woff2;base64,%[2]s)}",
			strings.Replace(name, "regular", "normal", 1), base64.StdEncoding.EncodeToString(data))
	}
	return css
})
