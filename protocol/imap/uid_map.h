// UidMap: a session's own view of its mailbox, message sequence number <-> UID (RFC 9051 §2.3.1.2). Kept as runs of
// consecutive UIDs, 8 octets a run: a mailbox without gaps costs one run, the worst (every second UID) 8 octets a message.
#pragma once

#include <cstdint>
#include <vector>

#include "protocol/imap/values.h"

namespace hikyaku::imap {

class UidMap {
 public:
  UidMap() = default;
  // Ascending, without overlap.
  explicit UidMap(const std::vector<NumberRange>& uids);

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint32_t largest_uid() const;
  // 0 when there is none. O(log runs).
  [[nodiscard]] std::uint32_t uid_of(std::uint32_t sequence_number) const;
  [[nodiscard]] std::uint32_t number_of(std::uint32_t uid) const;

  // UIDs greater than every one that is here.
  void append(NumberRange uids);
  // Takes the UIDs out; O(runs + removed ranges). Gives their sequence numbers in the order EXPUNGE responses need,
  // each counted after the ones before it are gone. UIDs that are not here are passed over.
  [[nodiscard]] std::vector<std::uint32_t> remove(const NumberSet& uids);

  [[nodiscard]] NumberSet all_uids() const;
  // The UIDs of these sequence numbers; numbers beyond the end are passed over.
  [[nodiscard]] NumberSet uids_of(const NumberSet& sequence_numbers) const;
  // Those of `uids` that are here.
  [[nodiscard]] NumberSet present(const NumberSet& uids) const;

 private:
  struct Run {
    std::uint32_t first_uid;
    std::uint32_t first_number;  // sequence number of first_uid; a run ends where the next begins
  };
  [[nodiscard]] std::uint32_t run_length(std::size_t index) const;
  void rebuild(const NumberSet& uids);

  std::vector<Run> runs_;
  std::uint32_t size_ = 0;
};

}  // namespace hikyaku::imap
