// Package store keeps sealed records and wrapped keys in SQLite or PostgreSQL.
//
// It never sees a plaintext: whatever it is handed may be stolen with the
// database. Both databases hold the same tables and run the same statements; a
// dialect says where they differ.
package store
