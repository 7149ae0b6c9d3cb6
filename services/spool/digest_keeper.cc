#include "services/spool/digest_keeper.h"

#include <algorithm>

#include "services/spool/message_record.h"

namespace hikyaku::spool {
namespace {
constexpr std::size_t heads_at_once = 1'000;
constexpr std::size_t recipients_of_a_part = 8'192;
constexpr std::size_t recipients_of_a_message = 1 << 18;  // more than a head can name
constexpr std::string_view unfinished_suffix = ".new";
constexpr std::uint32_t no_end = UINT32_MAX;

storage::FileJournalOptions to_read() { return {.most_open_segments = 2}; }

// Parts of a digest as large as they may be, one after the other into a file.
class PartsWriter {
 public:
  PartsWriter(io::File& file, storage::SegmentNumber segment, std::uint64_t seed) : file_(file), segment_(segment), seed_(seed) {}
  DigestRows rows;

  io::DiskResult<> make_room(std::size_t messages, std::size_t recipients) {
    const bool fits = rows.messages() + messages <= most_digest_messages && rows.recipients() + recipients <= most_digest_recipients;
    return fits || rows.messages() == 0 ? io::DiskResult<>{} : write(rows.last() + 1);
  }
  io::DiskResult<> write(std::uint32_t until) {
    const auto octets = rows.encode({.segment = segment_, .from = reached_, .until = until, .form = DigestPart::Form::Settled}, seed_);
    TRY_VOID(file_.write_at(at_, octets));
    at_ += octets.size();
    reached_ = until;
    rows.clear();
    return {};
  }

 private:
  io::File& file_;
  const storage::SegmentNumber segment_;
  const std::uint64_t seed_;
  std::uint64_t at_ = 0;
  std::uint32_t reached_ = 0;
};

bool is_settled(io::Disk& disk, const std::string& folder, const storage::SegmentFacts& segment) {
  auto file = DigestFile::open(disk, folder, segment.number, segment.seed);
  std::optional<DigestPart> last;
  while (auto part = file ? file->next() : std::nullopt) last = part;
  return last && last->form == DigestPart::Form::Settled && last->until >= segment.end.value_or(no_end);
}

}  // namespace

void DigestKeeper::start() {
  auto journal = storage::open_file_journal_reader(disk_, folder_, to_read());
  auto segments = journal ? (*journal)->segments() : storage::JournalResult<std::vector<storage::SegmentFacts>>{};
  const auto names = disk_.list(folder_);
  if (!journal || !segments || !names) return;
  for (const auto& name : *names) {
    const bool unfinished = name.ends_with(unfinished_suffix);
    const auto number = segment_of_digest(std::string_view(name).substr(0, name.size() - (unfinished ? unfinished_suffix.size() : 0)));
    const bool known = number && std::ranges::find(*segments, *number, &storage::SegmentFacts::number) != segments->end();
    if (number && (unfinished || !known)) (void)disk_.remove(folder_ + "/" + name);
  }
  const std::lock_guard lock(mutex_);
  for (const auto& one : *segments)
    if (one.end) waiting_.push_back(one.number);
}

void DigestKeeper::add(storage::Position at, std::uint64_t seed, const DigestEntry& entry) {
  if (at.segment != segment_) {
    finish();
    segment_ = at.segment, seed_ = seed, file_end_ = 0, reached_ = 0, broken_ = false;
  }
  if (broken_) return;
  rows_.add(at.offset, entry);
  if (rows_.messages() >= part_ || rows_.recipients() >= recipients_of_a_part) write_part();
}

void DigestKeeper::finish() {
  if (segment_ == storage::SegmentNumber{}) return;
  write_part();
  file_.reset();
  const std::lock_guard lock(mutex_);
  waiting_.push_back(segment_);
  segment_ = {};
}

void DigestKeeper::write_part() {
  if (rows_.messages() == 0 || broken_) return;
  const auto octets = rows_.encode({.segment = segment_, .from = reached_, .until = rows_.last() + 1}, seed_);
  reached_ = rows_.last() + 1;
  rows_.clear();
  if (!file_) {
    auto opened = disk_.open(folder_ + "/" + digest_name(segment_), io::OpenMode::Create);
    if (opened) file_ = *std::move(opened);
  }
  broken_ = !file_ || !file_->write_at(file_end_, octets);
  file_end_ += octets.size();
}

bool DigestKeeper::tend() {
  for (;;) {
    storage::SegmentNumber segment;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) return false;
      segment = waiting_.back();  // the newest: older ones drain first
      waiting_.pop_back();
    }
    const auto given = settle(segment);
    if (given && *given == Given::Now) return true;
    if (given) continue;
    (void)disk_.remove(folder_ + "/" + digest_name(segment) + std::string(unfinished_suffix));
    const std::lock_guard lock(mutex_);
    waiting_.push_front(segment);
    return false;
  }
}

io::DiskResult<DigestKeeper::Given> DigestKeeper::settle(storage::SegmentNumber segment) {
  auto journal = storage::open_file_journal_reader(disk_, folder_, to_read());
  const auto segments = journal ? (*journal)->segments() : storage::JournalResult<std::vector<storage::SegmentFacts>>{};
  if (!journal || !segments) return failure(io::DiskError{io::DiskFailure::Broken, folder_ + ": its segments cannot be read now"});
  const auto facts = std::ranges::find(*segments, segment, &storage::SegmentFacts::number);
  if (facts == segments->end() || !facts->end) return Given::Not;
  if (is_settled(disk_, folder_, *facts)) return Given::Before;
  TRY_VOID(rewrite(**journal, *facts));
  return Given::Now;
}

io::DiskResult<> DigestKeeper::rewrite(storage::JournalReader& journal, const storage::SegmentFacts& segment) {
  const auto name = folder_ + "/" + digest_name(segment.number), unfinished = name + std::string(unfinished_suffix);
  (void)disk_.remove(unfinished);
  TRY(file, disk_.open(unfinished, io::OpenMode::Create));
  PartsWriter out(*file, segment.number, segment.seed);
  storage::Position at{segment.number, 0};
  std::uint32_t known = 0;  // below it all are in `out`
  auto gathered = DigestFile::open(disk_, folder_, segment.number, segment.seed);
  while (auto part = gathered ? gathered->next() : std::nullopt) {
    TRY_VOID(out.make_room(part->messages, part->recipients));
    if (!out.rows.append(*gathered, *part)) break;
    known = part->until;
    at.offset = part->last;
  }
  for (bool more = true; more;) {
    const auto page = journal.heads(at, heads_at_once);
    if (!page) return failure(io::DiskError{io::DiskFailure::Broken, page.error().what});
    more = page->next.segment == segment.number && page->next != at;
    for (const auto& one : page->heads) {
      if (one.at.segment != segment.number) more = false;
      if (one.at.segment != segment.number || one.at.offset < known) continue;
      const auto head = decode_message_head(one.head);
      if (!head) continue;
      TRY_VOID(out.make_room(1, recipients_of_a_message));
      out.rows.add(one.at.offset, digest_entry(head->envelope));
    }
    at = page->next;
  }
  TRY_VOID(out.write(*segment.end));
  return disk_.rename(unfinished, name);
}

void DigestKeeper::forget(storage::SegmentNumber segment) {
  {
    const std::lock_guard lock(mutex_);
    std::erase(waiting_, segment);
  }
  (void)disk_.remove(folder_ + "/" + digest_name(segment));
}

}  // namespace hikyaku::spool
