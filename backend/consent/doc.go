// Package consent owns what people decide: forms and their versions, decisions (answers and withdrawals), their
// invalidation, and the asks that wait for an answer. It stores each decision together with its evidence and leaves
// the combining of several people's decisions to package participation, through package standing.
//
// A decision is one person's own act and is never changed. It is authorised against the guardianship in force at that
// moment; what a stranger may not decide does not exist for them.
package consent
