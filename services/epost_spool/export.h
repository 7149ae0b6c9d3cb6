// Writing our queue as E-Post's spool: what waits for its first attempt as pairs in incoming, what is tried again as texts in
// holding with an envelope for each domain in domains, and each domain's Domain.mri. What E-Post has no field for (DSN
// parameters, our ids) does not go along.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "services/spool/spool.h"

namespace hikyaku::epost_spool {

struct ExportOptions {
  std::string to;        // E-Post's work folder; folders are made, stems go on behind the highest there
  std::string hostname;  // of the Message-ID in the envelopes
  WallTime now{};        // the time of the last try, as E-Post is told it
  enum class Run : std::uint8_t { Real, Dry } run = Run::Real;
  // Remove: what was written, and is on disk, leaves our queue. Keep: both have it, and only one of the two may deliver.
  enum class Ours : std::uint8_t { Keep, Remove } ours = Ours::Keep;
};

struct TakenOut {
  TraceId id;
  std::string sender, recipient;  // sender: empty is the null one
  WallTime accepted_at{};
};
struct ExportSummary {
  std::size_t messages = 0, recipients = 0, domains = 0;
  std::vector<std::string> damaged;  // ids with why, also of what demands TLS on the whole way: reported, left in our queue, the rest goes on
  std::vector<TakenOut> taken_out;   // of our queue, each recipient
  std::size_t left_here = 0;         // recipients whose mailbox copy must be verified by deliver
};
// Nothing may deliver meanwhile: the caller owns the spool, and has taken nothing fresh from it yet.
[[nodiscard]] spool::SpoolResult<ExportSummary> export_spool(io::Disk& disk, spool::Spool& spool, const ExportOptions& options,
                                                             const std::function<void(std::size_t messages)>& progress);

}  // namespace hikyaku::epost_spool
