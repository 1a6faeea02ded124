// breaks: server/history/store knows neither keys nor entries
package store

import _ "secondwind/server/history/vault"
