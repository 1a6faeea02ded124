package server

import (
	"cmp"
	"net/http"
	"runtime"
	"runtime/debug"

	"github.com/gin-gonic/gin"
)

// showVersion is GET /v1/version: what this instance runs, in its own words.
func (s *Server) showVersion(c *gin.Context) {
	answer := gin.H{"version": cmp.Or(s.config.Version, "dev"), "revision": "", "goVersion": runtime.Version()}
	if built, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range built.Settings {
			if setting.Key == "vcs.revision" {
				answer["revision"] = setting.Value
			}
		}
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, answer)
}
