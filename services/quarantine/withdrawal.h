// Withdrawing a deposit from an event loop: giving a large file's blocks back takes the file system its time, so it is a worker's work.
#pragma once

#include "io/workers.h"
#include "services/quarantine/store.h"

namespace hikyaku::quarantine {

// Returns when it is withdrawn. While no worker is free it waits for one; when the loop stops meanwhile it is withdrawn at once, on the loop's thread.
Task<void> withdraw(io::Loop& loop, io::Workers& workers, Deposit deposit);

}  // namespace hikyaku::quarantine
