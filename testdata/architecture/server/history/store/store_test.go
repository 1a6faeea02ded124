// breaks: server/history/store knows neither keys nor entries
package store

import _ "github.com/tink-crypto/tink-go/v2/aead"
