package outbox

// Lease is how long a claim holds.
const Lease = lease
