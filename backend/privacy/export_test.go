package privacy

// Rows are the structs that are read from and written to whole tables.
var Rows = []any{row{}, tickRow{}}
