// Package discover finds, from the name of an Auto Scaling group alone, what a proof needs to
// know of it: the alarm that scales it out, its target group, and the URL by which requests
// reach that. What somebody has told, by a flag or by the outputs of a stack, is not looked for.
package discover
