package server

import (
	_ "embed"
	"net/http"

	"github.com/gin-gonic/gin"
)

// openAPI describes every route of the API, for people and for programs that
// make clients of it.
//
//go:embed openapi.json
var openAPI []byte

// describe is GET /openapi.json.
func describe(c *gin.Context) {
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, typeJSON, openAPI)
}
