package server

import "github.com/gin-gonic/gin"

func (s *Server) summarize(c *gin.Context) {}
