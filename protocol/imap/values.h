// The plain values IMAP speaks of: flags, sets of numbers, what a client may ask of them. No parsing, no printing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hikyaku::imap {

// The system flags (RFC 9051 §2.3.2), as bits. \Recent (RFC 3501 §2.3.2) is the session's, never a stored flag.
enum SystemFlag : std::uint8_t {
  Seen = 1,
  Answered = 2,
  Flagged = 4,
  Deleted = 8,
  Draft = 16,
};

struct MessageFlags {
  std::uint8_t system = 0;            // bits of SystemFlag
  std::vector<std::string> keywords;  // as first written; equal when they differ in case only
  [[nodiscard]] bool has(SystemFlag flag) const { return (system & flag) != 0; }
  [[nodiscard]] bool has_keyword(std::string_view keyword) const;
  friend bool operator==(const MessageFlags&, const MessageFlags&) = default;
};

// A set of numbers from 1 on as the wire has it: RFC 9051 sequence-set. 0 stands for "*", the largest number in use.
struct NumberRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  friend bool operator==(const NumberRange&, const NumberRange&) = default;
};
struct SequenceSet {
  std::vector<NumberRange> ranges;
  bool saved_result = false;  // "$": the result of the last SEARCH with RETURN (SAVE), RFC 5182
  friend bool operator==(const SequenceSet&, const SequenceSet&) = default;
};

// A set of numbers, resolved: ascending ranges that neither touch nor overlap.
class NumberSet {
 public:
  NumberSet() = default;
  // `star` is what "*" means; "5:*" with a star of 3 means 3 to 5 (RFC 9051 seq-range: order does not matter).
  [[nodiscard]] static NumberSet resolve(const SequenceSet& set, std::uint32_t star);

  void add(std::uint32_t number) { add_range(number, number); }
  // Amortised constant when the ranges come in ascending order.
  void add_range(std::uint32_t first, std::uint32_t last);
  [[nodiscard]] bool contains(std::uint32_t number) const;  // O(log ranges)
  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] const std::vector<NumberRange>& ranges() const { return ranges_; }
  [[nodiscard]] std::uint32_t smallest() const { return ranges_.empty() ? 0 : ranges_.front().first; }
  [[nodiscard]] std::uint32_t largest() const { return ranges_.empty() ? 0 : ranges_.back().last; }
  // Takes the `most` smallest numbers out.
  [[nodiscard]] NumberSet take_first(std::uint32_t most);
  // Takes out everything up to `last`.
  void drop_up_to(std::uint32_t last);
  void clear() { ranges_.clear(); }
  friend bool operator==(const NumberSet&, const NumberSet&) = default;

 private:
  std::vector<NumberRange> ranges_;
};

enum class StoreMode : std::uint8_t { Replace, Add, Remove };

// The names of special uses (RFC 6154 §2), as bits.
enum SpecialUse : std::uint8_t {
  UseNone = 0,
  UseAll = 1,
  UseArchive = 2,
  UseDrafts = 4,
  UseFlagged = 8,
  UseJunk = 16,
  UseSent = 32,
  UseTrash = 64,
};

}  // namespace hikyaku::imap
