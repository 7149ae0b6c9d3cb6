// ImportLedger: which pairs were taken, in a file of ours, so that a second run of an import, or one after a crash, takes none
// twice. A pair is entered before its message is written and again after: in between a crash leaves it undecided, and the
// trace id tells what became of it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "io/disk.h"
#include "mail/trace_id.h"

namespace hikyaku::epost_spool {

class ImportLedger {
 public:
  // Made when missing. Lines that make no sense (a torn end) are passed over.
  static io::DiskResult<ImportLedger> open(io::Disk& disk, const std::string& path);

  enum class State : std::uint8_t { New, Undecided, Taken };
  struct Entry {
    State state = State::New;
    TraceId id;
  };
  [[nodiscard]] Entry find(std::uint64_t identity) const;

  struct Line {
    std::uint64_t identity = 0;
    TraceId id;
    std::string stem;
  };
  // Durable when they return.
  io::DiskResult<> begin(std::span<const Line> lines) { return append("try", State::Undecided, lines); }
  // Certain not to have been written: new again.
  io::DiskResult<> cancel(std::span<const Line> lines) { return append("void", State::New, lines); }
  io::DiskResult<> end(std::span<const Line> lines) { return append("done", State::Taken, lines); }

 private:
  explicit ImportLedger(std::unique_ptr<io::File> file) : file_(std::move(file)) {}
  io::DiskResult<> append(std::string_view word, State state, std::span<const Line> lines);

  std::unique_ptr<io::File> file_;
  std::uint64_t size_ = 0;
  std::unordered_map<std::uint64_t, Entry> entries_;
};

}  // namespace hikyaku::epost_spool
