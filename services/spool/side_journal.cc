#include "services/spool/side_journal.h"

namespace hikyaku::spool {

SpoolResult<std::unique_ptr<IncomingWriter>> open_side_journal(io::Disk& disk, const SideJournal& journal) {
  IncomingOptions options;
  options.folder = journal.spool_folder + "/incoming-" + std::to_string(journal.number);
  options.node = journal.node;
  options.journal = journal.number;
  options.segments.segment_octets = 16 << 20;
  options.segments.spare_segments = 0;
  options.segments.reserve_octets = journal.reserve_octets;
  return IncomingWriter::open(disk, std::move(options));
}

}  // namespace hikyaku::spool
