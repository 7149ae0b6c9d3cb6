// Checks the DNS lists of the settings again and again, on the first loop: what is off, and since when, is told in the log and in counters/receive/lists.
#pragma once

#include "apps/receive/front.h"
#include "io/disk.h"

namespace hikyaku::receive {

// Until the loop stops.
Task<void> watch_lists(Front& front);

// The list of public suffixes of this machine; null: there is none. Blocks.
[[nodiscard]] std::shared_ptr<const dmarc::PublicSuffixList> read_suffixes(io::Disk& disk);

}  // namespace hikyaku::receive
