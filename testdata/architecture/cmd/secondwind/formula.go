// breaks: only tests import verify/formula
package main

import _ "secondwind/verify/formula"
