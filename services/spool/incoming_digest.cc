#include "services/spool/incoming_digest.h"

#include <algorithm>
#include <bit>

#include "base/checksum.h"
#include "base/cursor.h"
#include "base/wire.h"

namespace hikyaku::spool {
namespace {

constexpr std::uint64_t part_magic = 0x0031474944594b48;  // "HKYDIG1"
constexpr std::string_view name_prefix = "digest-";

constexpr std::size_t index_of(DigestColumn column) { return static_cast<std::size_t>(column); }
constexpr bool is_wide(DigestColumn column) { return column == DigestColumn::AcceptedAt || column == DigestColumn::Octets; }
constexpr bool is_of_recipients(DigestColumn column) { return column >= DigestColumn::Address; }

std::uint64_t number(WallTime time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }
WallTime time(std::uint64_t number) { return WallTime{std::chrono::microseconds{static_cast<std::int64_t>(number)}}; }

// Two columns of equal numbers have sums of their own.
std::uint64_t sum_of(std::string_view octets, std::size_t column, std::uint64_t seed) { return checksum(octets, seed + column + 1); }

template <class Number>
Number little_endian(Number value) {
  if constexpr (std::endian::native == std::endian::little) return value;
  Number out = 0;
  for (std::size_t n = 0; n < sizeof value; ++n) out = static_cast<Number>(out << 8 | (value >> 8 * n & 0xFF));
  return out;
}

template <class Number>
void put_column(std::string& out, const std::vector<Number>& numbers) {
  const auto at = out.size();
  out.resize(at + numbers.size() * sizeof(Number));
  for (std::size_t n = 0; n < numbers.size(); ++n) {
    const auto value = little_endian(numbers[n]);
    std::copy_n(reinterpret_cast<const char*>(&value), sizeof value, out.data() + at + n * sizeof value);
  }
}

}  // namespace

TextKey key_of(const TraceId& id) {
  WireWriter out;
  out.u32(std::uint32_t{id.node} << 16 | id.journal).u32(id.owner).u64(id.sequence);
  const auto key = static_cast<TextKey>(checksum(out.bytes()));
  return key == 0 ? 1 : key;
}

DigestEntry digest_entry(const Envelope& envelope) {
  DigestEntry entry{key_of(envelope.id), facts_of(envelope), {}};
  entry.recipients.reserve(envelope.recipients.size());
  for (const auto& one : envelope.recipients) entry.recipients.push_back(keys_of(one));
  return entry;
}

DigestQuery query_for(const FreshFilter& filter) {
  const auto& asked = filter.hashed;
  return {filter.id ? key_of(*filter.id) : 0, key_of(asked.sender), key_of(asked.account), key_of(asked.recipient), key_of(asked.domain),
          asked.accepted_from, asked.accepted_until, asked.least_octets, asked.most_octets};
}

std::string digest_name(storage::SegmentNumber segment) { return std::string(name_prefix) + std::to_string(segment.value()); }

std::optional<storage::SegmentNumber> segment_of_digest(std::string_view name) {
  if (!name.starts_with(name_prefix)) return std::nullopt;
  Cursor in(name.substr(name_prefix.size()));
  const auto number = parse_number(in, UINT64_MAX);
  if (!number || !in.at_end()) return std::nullopt;
  return storage::SegmentNumber{*number};
}

// ---- a part -------------------------------------------------------------------------------------------------------

std::uint64_t DigestPart::column_octets(DigestColumn column) const {
  return std::uint64_t{is_of_recipients(column) ? recipients : messages} * (is_wide(column) ? 8 : 4);
}

std::uint64_t DigestPart::column_at(DigestColumn column) const {
  std::uint64_t at = digest_header_octets;
  for (std::size_t n = 0; n < index_of(column); ++n) at += column_octets(static_cast<DigestColumn>(n));
  return at;
}

std::uint64_t DigestPart::octets() const { return column_at(DigestColumn::Domain) + column_octets(DigestColumn::Domain); }

std::optional<DigestPart> parse_digest_part(std::string_view octets, storage::SegmentNumber segment, std::uint64_t seed) {
  if (octets.size() < digest_header_octets) return std::nullopt;
  const auto signed_octets = octets.substr(0, digest_header_octets - 8);
  if (WireReader(octets.substr(signed_octets.size(), 8)).u64() != checksum(signed_octets, seed)) return std::nullopt;
  WireReader in(signed_octets);
  if (in.u64() != part_magic || in.u64() != segment.value()) return std::nullopt;
  DigestPart part;
  part.segment = segment;
  part.from = in.u32(), part.until = in.u32(), part.last = in.u32();
  part.messages = in.u32(), part.recipients = in.u32();
  const auto form = in.u32();
  part.oldest = time(in.u64()), part.newest = time(in.u64());
  part.least_octets = in.u64(), part.most_octets = in.u64();
  for (auto& sum : part.sums) sum = in.u64();
  const bool ordered = part.from < part.until && part.last < part.until;
  if (in.broken() || !ordered || form > 1 || part.messages > most_digest_messages || part.recipients > most_digest_recipients) return std::nullopt;
  part.form = static_cast<DigestPart::Form>(form);
  return part;
}

// ---- columns ------------------------------------------------------------------------------------------------------

void DigestRows::add(std::uint32_t offset, const DigestEntry& entry) {
  at_.push_back(offset);
  id_.push_back(entry.id);
  sender_.push_back(entry.facts.sender);
  account_.push_back(entry.facts.account);
  accepted_at_.push_back(number(entry.facts.accepted_at));
  octets_.push_back(entry.facts.body_octets);
  for (const auto& one : entry.recipients) address_.push_back(one.address), domain_.push_back(one.domain);
  end_.push_back(static_cast<std::uint32_t>(address_.size()));
}

bool DigestRows::append(const DigestFile& file, const DigestPart& part) {
  const auto at = file.column<std::uint32_t>(part, DigestColumn::At), end = file.column<std::uint32_t>(part, DigestColumn::End);
  const auto id = file.column<std::uint32_t>(part, DigestColumn::Id), sender = file.column<std::uint32_t>(part, DigestColumn::Sender);
  const auto account = file.column<std::uint32_t>(part, DigestColumn::Account);
  const auto accepted = file.column<std::uint64_t>(part, DigestColumn::AcceptedAt), octets = file.column<std::uint64_t>(part, DigestColumn::Octets);
  const auto address = file.column<std::uint32_t>(part, DigestColumn::Address), domain = file.column<std::uint32_t>(part, DigestColumn::Domain);
  if (!at || !end || !id || !sender || !account || !accepted || !octets || !address || !domain) return false;
  const auto before = static_cast<std::uint32_t>(address_.size());
  for (const auto one : *end) end_.push_back(before + one);
  const auto add = [](auto& to, const auto& more) { to.insert(to.end(), more.begin(), more.end()); };
  add(at_, *at), add(id_, *id), add(sender_, *sender), add(account_, *account);
  add(accepted_at_, *accepted), add(octets_, *octets), add(address_, *address), add(domain_, *domain);
  return true;
}

std::string DigestRows::encode(DigestPart part, std::uint64_t seed) const {
  part.messages = static_cast<std::uint32_t>(at_.size());
  part.recipients = static_cast<std::uint32_t>(address_.size());
  part.last = last();
  for (const auto one : accepted_at_) part.oldest = std::min(part.oldest, time(one)), part.newest = std::max(part.newest, time(one));
  for (const auto one : octets_) part.least_octets = std::min(part.least_octets, one), part.most_octets = std::max(part.most_octets, one);
  std::string columns;
  std::size_t column = 0;
  columns.reserve(part.octets() - digest_header_octets);
  const auto put = [&](const auto& numbers) {
    const auto begins = columns.size();
    put_column(columns, numbers);
    part.sums[column] = sum_of(std::string_view(columns).substr(begins), column, seed);
    ++column;
  };
  put(at_), put(end_), put(id_), put(sender_), put(account_), put(accepted_at_), put(octets_), put(address_), put(domain_);
  WireWriter out;
  out.u64(part_magic).u64(part.segment.value()).u32(part.from).u32(part.until).u32(part.last).u32(part.messages).u32(part.recipients);
  out.u32(static_cast<std::uint32_t>(part.form)).u64(number(part.oldest)).u64(number(part.newest)).u64(part.least_octets).u64(part.most_octets);
  for (const auto sum : part.sums) out.u64(sum);
  auto octets = out.bytes();
  octets.resize(digest_header_octets - 8);
  WireWriter sum;
  sum.u64(checksum(octets, seed));
  return octets + sum.bytes() + columns;
}

// ---- reading ------------------------------------------------------------------------------------------------------

std::optional<DigestFile> DigestFile::open(io::Disk& disk, const std::string& folder, storage::SegmentNumber segment, std::uint64_t seed) {
  auto file = disk.open(folder + "/" + digest_name(segment), io::OpenMode::Read);
  if (!file) return std::nullopt;
  return DigestFile(*std::move(file), segment, seed);
}

std::optional<DigestPart> DigestFile::next() {
  char octets[digest_header_octets];
  const auto got = file_->read_at(next_at_, octets);
  const auto part = got ? parse_digest_part({octets, *got}, segment_, seed_) : std::nullopt;
  if (!part || part->from != reached_) return std::nullopt;
  part_at_ = next_at_;
  next_at_ += part->octets();
  reached_ = part->until;
  return part;
}

template <class Number>
std::optional<std::vector<Number>> DigestFile::column(const DigestPart& part, DigestColumn column) const {
  std::vector<Number> numbers(part.column_octets(column) / sizeof(Number));
  const std::span octets(reinterpret_cast<char*>(numbers.data()), numbers.size() * sizeof(Number));
  const auto got = file_->read_at(part_at_ + part.column_at(column), octets);
  const bool whole = got && *got == octets.size() && sum_of({octets.data(), octets.size()}, index_of(column), seed_) == part.sums[index_of(column)];
  if (!whole) return std::nullopt;
  for (auto& one : numbers) one = little_endian(one);
  return numbers;
}
template std::optional<std::vector<std::uint32_t>> DigestFile::column(const DigestPart&, DigestColumn) const;
template std::optional<std::vector<std::uint64_t>> DigestFile::column(const DigestPart&, DigestColumn) const;

namespace {

// Which of a part's messages, or recipients, are still in question.
class Mask {
 public:
  explicit Mask(std::size_t count) : count_(count) {}
  // Those whose number in a column fits stay. False: nobody is left.
  template <class Number, class Fits>
  bool keep(const std::vector<Number>& column, const Fits& fits) {
    if (marks_.empty()) marks_.assign(count_, 1);
    for (std::size_t n = 0; n < count_; ++n) marks_[n] = static_cast<std::uint8_t>(marks_[n] & static_cast<std::uint8_t>(fits(column[n])));
    return std::ranges::find(marks_, 1) != marks_.end();
  }
  [[nodiscard]] bool has(std::size_t n) const { return marks_.empty() || marks_[n] != 0; }

 private:
  std::size_t count_;
  std::vector<std::uint8_t> marks_;  // empty: all
};

}  // namespace

std::optional<std::vector<RecordRecipient>> DigestFile::rows(const DigestPart& part, const DigestQuery& query) const {
  std::vector<RecordRecipient> rows;
  if (part.newest < query.accepted_from || part.oldest > query.accepted_until) return rows;
  if (part.most_octets < query.least_octets || part.least_octets > query.most_octets) return rows;
  Mask messages(part.messages), recipients(part.recipients);
  bool left = true, damaged = false;
  const auto by_key = [&](Mask& mask, DigestColumn name, TextKey key) {
    if (key == 0 || !left || damaged) return;
    const auto numbers = column<std::uint32_t>(part, name);
    damaged = !numbers;
    left = numbers && mask.keep(*numbers, [key](std::uint32_t one) { return one == key; });
  };
  const auto by_range = [&](DigestColumn name, bool asked, const auto& fits) {
    if (!asked || !left || damaged) return;
    const auto numbers = column<std::uint64_t>(part, name);
    damaged = !numbers;
    left = numbers && messages.keep(*numbers, fits);
  };
  by_key(messages, DigestColumn::Id, query.id);
  by_key(recipients, DigestColumn::Address, query.address);
  by_key(messages, DigestColumn::Sender, query.sender);
  by_key(messages, DigestColumn::Account, query.account);
  by_key(recipients, DigestColumn::Domain, query.domain);
  by_range(DigestColumn::AcceptedAt, part.oldest < query.accepted_from || part.newest > query.accepted_until,
           [&](std::uint64_t one) { return time(one) >= query.accepted_from && time(one) <= query.accepted_until; });
  by_range(DigestColumn::Octets, part.least_octets < query.least_octets || part.most_octets > query.most_octets,
           [&](std::uint64_t one) { return one >= query.least_octets && one <= query.most_octets; });
  if (damaged) return std::nullopt;
  if (!left) return rows;
  const auto at = column<std::uint32_t>(part, DigestColumn::At), end = column<std::uint32_t>(part, DigestColumn::End);
  if (!at || !end) return std::nullopt;
  std::uint32_t first = 0;
  for (std::size_t n = 0; n < part.messages; first = (*end)[n++])
    for (auto recipient = first; messages.has(n) && recipient < std::min((*end)[n], part.recipients); ++recipient)
      if (recipients.has(recipient)) rows.push_back({(*at)[n], recipient - first});
  return rows;
}

}  // namespace hikyaku::spool
