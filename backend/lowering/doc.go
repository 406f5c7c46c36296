// Package lowering owns the lowering key: a secret on receipts and letters with which whoever holds it sees how one
// child may take part, and lowers that for one person with a say, without an account and until the child leaves the
// school. It leaves the decision itself to consent, the mode to standing, and counts wrong keys with account.
package lowering
