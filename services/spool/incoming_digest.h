// The digest of an incoming segment: what filters ask of its envelopes, as columns of numbers in a file beside it
// ("digest-" and the segment's number). A filter over a million messages reads one or two columns, a few megabytes, and then the
// heads of what matches, not a million heads. `receive` writes it (digest_keeper.h), deliver and the command line read it.
//
// It tells nothing that the heads do not, and is never flushed: what is missing, torn or of another segment does not pass the
// checksums, which are seeded with the segment's seed, and the heads are read instead. 36 octets a message and 8 a recipient.
//
// A file is a chain of parts, each of the records in a range of offsets; the first range begins with the segment.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/disk.h"
#include "services/spool/envelope_keys.h"
#include "services/spool/message.h"

namespace hikyaku::spool {

struct DigestEntry {  // of one message
  TextKey id = 0;
  MessageFacts facts;
  std::vector<RecipientKeys> recipients;
};
[[nodiscard]] TextKey key_of(const TraceId& id);
[[nodiscard]] DigestEntry digest_entry(const Envelope& envelope);

enum class DigestColumn : std::uint8_t {
  At,          // the record's offset
  End,         // how many recipients it and those before it in the part have
  Id, Sender, Account,  // keys
  AcceptedAt, Octets,   // 64 bits each; the others have 32
  Address, Domain,      // keys, one for each recipient
};
inline constexpr std::size_t digest_columns = 9;

struct DigestPart {
  storage::SegmentNumber segment;
  std::uint32_t from = 0, until = 0;  // it has every readable record with from <= offset < until
  std::uint32_t last = 0;             // the last record's offset
  std::uint32_t messages = 0, recipients = 0;
  enum class Form : std::uint8_t { Gathered, Settled } form = Form::Gathered;  // settled: after the segment's end, as few parts as can be
  WallTime oldest = WallTime::max(), newest = WallTime::min();
  std::uint64_t least_octets = UINT64_MAX, most_octets = 0;
  std::array<std::uint64_t, digest_columns> sums{};

  [[nodiscard]] std::uint64_t column_octets(DigestColumn column) const;
  [[nodiscard]] std::uint64_t column_at(DigestColumn column) const;  // from the part's beginning
  [[nodiscard]] std::uint64_t octets() const;                        // header and columns
};
inline constexpr std::size_t digest_header_octets = 160;
// Of a part, which bounds what a search keeps in memory.
inline constexpr std::uint32_t most_digest_messages = 1 << 18, most_digest_recipients = 1 << 20;

[[nodiscard]] std::string digest_name(storage::SegmentNumber segment);
[[nodiscard]] std::optional<storage::SegmentNumber> segment_of_digest(std::string_view name);
// Nothing: it is no part of this segment, or not whole.
[[nodiscard]] std::optional<DigestPart> parse_digest_part(std::string_view octets, storage::SegmentNumber segment, std::uint64_t seed);

class DigestFile;

// The columns of a part that grows.
class DigestRows {
 public:
  void add(std::uint32_t offset, const DigestEntry& entry);
  // All of a part that a file has. False: a column is damaged, nothing was added.
  bool append(const DigestFile& file, const DigestPart& part);
  [[nodiscard]] std::size_t messages() const { return at_.size(); }
  [[nodiscard]] std::size_t recipients() const { return address_.size(); }
  [[nodiscard]] std::uint32_t last() const { return at_.empty() ? 0 : at_.back(); }
  // `part` says segment, range and form.
  [[nodiscard]] std::string encode(DigestPart part, std::uint64_t seed) const;
  void clear() { *this = {}; }

 private:
  std::vector<std::uint32_t> at_, end_, id_, sender_, account_;
  std::vector<std::uint64_t> accepted_at_, octets_;
  std::vector<std::uint32_t> address_, domain_;
};

// What a filter asks of the columns. The envelope decides in the end.
struct DigestQuery {
  TextKey id = 0, sender = 0, account = 0, address = 0, domain = 0;  // 0: not asked
  WallTime accepted_from = WallTime::min(), accepted_until = WallTime::max();
  std::uint64_t least_octets = 0, most_octets = UINT64_MAX;
};
[[nodiscard]] DigestQuery query_for(const FreshFilter& filter);

// Reads one. Parts come in their order; columns are those of a part it gave.
class DigestFile {
 public:
  // Nothing: there is none that can be read.
  static std::optional<DigestFile> open(io::Disk& disk, const std::string& folder, storage::SegmentNumber segment, std::uint64_t seed);
  // The next of the chain; nothing: there is none, or what follows is not whole.
  std::optional<DigestPart> next();
  // The recipients of the part that may match, ascending. Nothing: a column is damaged.
  [[nodiscard]] std::optional<std::vector<RecordRecipient>> rows(const DigestPart& part, const DigestQuery& query) const;
  // Nothing: damaged.
  template <class Number>
  [[nodiscard]] std::optional<std::vector<Number>> column(const DigestPart& part, DigestColumn column) const;

 private:
  DigestFile(std::unique_ptr<io::File> file, storage::SegmentNumber segment, std::uint64_t seed)
      : file_(std::move(file)), segment_(segment), seed_(seed) {}

  std::unique_ptr<io::File> file_;
  storage::SegmentNumber segment_;
  std::uint64_t seed_ = 0, next_at_ = 0, part_at_ = 0;
  std::uint32_t reached_ = 0;
};

}  // namespace hikyaku::spool
