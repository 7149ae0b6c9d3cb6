// The file form of the Journal contract: a folder of pre-written segments that are recycled, so that an append changes
// no metadata of the file system and costs one write and one flush.
//
//   lock       held by the writer's process for its life        fencing   the last owner's token
//   segment-N  a header block, groups of records, an index of their heads, a footer block
//   position   where the durable part ends, rewritten after every flush (never flushed itself: an older value is true too)
//   released   which segments the reader gave back; only the reader writes it
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "io/disk.h"
#include "storage/journal.h"

namespace hikyaku::storage {

enum class HeadIndex : std::uint8_t { Written, None };  // None: for logs without bodies, which are read whole anyway

struct FileJournalOptions {
  std::uint64_t segment_octets = 64 << 20;   // of newly made segments; a multiple of 4 KiB, at least 32 KiB, below 4 GiB
  std::uint32_t spare_segments = 2;          // kept ready; more while a backlog is being worked off
  std::uint64_t reserve_octets = 1ULL << 30; // NoSpace while less than this is free on the device
  std::uint64_t most_octets = UINT64_MAX;    // NoSpace beyond this size of the whole journal
  HeadIndex index = HeadIndex::Written;
  std::uint64_t nonce_seed = 0;              // of the secret in checksums; 0: from the system. Tests give a seed.
  std::size_t most_open_segments = 64;       // reader: descriptors kept
};

// Takes the journal over, making it when it is missing: NotOwner while another process has it. Settles what an owner
// without a clean end left: its last segment is cut at the last whole group and sealed.
JournalResult<std::unique_ptr<JournalWriter>> open_file_journal(io::Disk& disk, std::string_view folder,
                                                                FileJournalOptions options);
// For a reader that finds a journal: if nobody owns it, settles what the last owner left, as the next owner would, so that
// a reader need not wait for one. Makes nothing where there is no journal.
JournalResult<> settle_file_journal(io::Disk& disk, std::string_view folder, FileJournalOptions options);
// Opens for reading, writer or not. An empty journal when the folder is not there yet.
JournalResult<std::unique_ptr<JournalReader>> open_file_journal_reader(io::Disk& disk, std::string_view folder,
                                                                       FileJournalOptions options);

}  // namespace hikyaku::storage
