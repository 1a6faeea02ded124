package client

import "regexp"

// user is what stands before the host in a URL, or in what is meant as one: a password that is
// not escaped may have any character.
var user = regexp.MustCompile(`//[^\s"]*@`)

// HideUser returns a text about URLs that may be printed: without their users and passwords.
func HideUser(text string) string { return user.ReplaceAllString(text, "//***@") }
