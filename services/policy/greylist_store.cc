#include "services/policy/greylist_store.h"

#include "services/policy/greylist_line.h"

namespace hikyaku::policy {
namespace {

constexpr std::uint64_t most_file_octets = 1ULL << 30;

constexpr std::size_t lines_a_lock = 1'000;
constexpr auto known_is_written_each = std::chrono::hours{1};

// Lines for at most lines_a_lock entries behind `after`, which becomes the last of them. False: there are no more.
template <class Map, class ToLine>
bool add_some(std::string& to, const Map& map, std::optional<typename Map::key_type>& after, ToLine to_line) {
  auto one = after ? map.upper_bound(*after) : map.begin();
  for (std::size_t n = 0; n < lines_a_lock && one != map.end(); ++n, ++one) {
    to += to_line(*one);
    after = one->first;
  }
  return one != map.end();
}

}  // namespace

std::string greylist_file(const std::string& folder) { return folder + "/greylist"; }

GreylistStore::GreylistStore(io::Disk& disk, std::string folder, GreylistTerms terms) : disk_(disk), folder_(std::move(folder)), memory_(terms) { open(); }

void GreylistStore::open() {
  if (const auto made = disk_.make_folder(folder_); !made) return void(trouble_ = made.error().what);
  const auto text = io::read_file(disk_, greylist_file(folder_), most_file_octets);
  if (!text) {
    if (text.error().kind != io::DiskFailure::NotFound) trouble_ = text.error().what;
    return;
  }
  if (const auto unreadable = restore(memory_, *text); unreadable > 0) trouble_ = greylist_file(folder_) + ": " + std::to_string(unreadable) + " lines could not be read";
}

void GreylistStore::set_terms(GreylistTerms terms) {
  const std::lock_guard lock(mutex_);
  memory_.set_terms(terms);
}

GreylistMemory::Verdict GreylistStore::look(const GreylistKey& key, WallTime now) const {
  const std::lock_guard lock(mutex_);
  return memory_.look(key, now);
}

GreylistMemory::Verdict GreylistStore::tried(const GreylistKey& key, WallTime now) {
  const std::lock_guard lock(mutex_);
  const auto verdict = memory_.tried(key, now);
  using Kind = GreylistMemory::Verdict::Kind;
  // Busy sources are known for weeks: an hour's mails need no line each.
  if (verdict.kind == Kind::KnownSource && now - verdict.known.last < known_is_written_each) return verdict;
  if (verdict.passes()) unsaved_ += greylist_line(KnownLine{key.source, memory_.all_known().at(key.source)});
  else if (const auto waits = memory_.all_waiting().find(key); waits != memory_.all_waiting().end()) unsaved_ += greylist_line(WaitingLine{key, waits->second});
  return verdict;
}

void GreylistStore::stayed(const GreylistKey& key, WallTime now) {
  const std::lock_guard lock(mutex_);
  memory_.stayed(key, now);
  unsaved_ += greylist_line(KnownLine{key.source, memory_.all_known().at(key.source)});
}

io::DiskResult<> GreylistStore::save(WallTime now) {
  for (bool more = true; more;) {  // in pieces: reception waits for the lock
    const std::lock_guard lock(mutex_);
    more = memory_.tend(now);
  }
  std::string lines;
  {
    const std::lock_guard lock(mutex_);
    lines.swap(unsaved_);
  }
  if (file_ && lines.empty()) return {};
  // A file that an earlier life left is replaced first: its end may be torn.
  if (!file_ || octets_ + lines.size() > std::max(least_octets, 2 * octets_anew_)) return write_anew();
  return append(lines);
}

io::DiskResult<> GreylistStore::append(const std::string& lines) {
  auto written = file_->write_at(octets_, lines);
  if (!written) {
    file_.reset();  // all of it again, next time
    return written;
  }
  octets_ += lines.size();
  return {};
}

io::DiskResult<> GreylistStore::write_anew() {
  std::string text(greylist_heading);
  text += '\n';
  // In pieces: reception waits for the lock. What changes meanwhile is appended behind.
  {
    const std::lock_guard lock(mutex_);
    unsaved_.clear();
  }
  std::optional<GreylistKey> waiting;
  std::optional<std::string> known;
  for (bool more = true; more;) {
    const std::lock_guard lock(mutex_);
    more = add_some(text, memory_.all_waiting(), waiting, [](const auto& one) { return greylist_line(WaitingLine{one.first, one.second}); });
  }
  for (bool more = true; more;) {
    const std::lock_guard lock(mutex_);
    more = add_some(text, memory_.all_known(), known, [](const auto& one) { return greylist_line(KnownLine{one.first, one.second}); });
  }
  file_.reset();
  TRY_VOID(io::replace_file(disk_, greylist_file(folder_), text));
  TRY(opened, disk_.open(greylist_file(folder_), io::OpenMode::ReadWrite));
  file_ = std::move(opened);
  octets_ = octets_anew_ = text.size();
  return {};
}

}  // namespace hikyaku::policy
