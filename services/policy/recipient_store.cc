#include "services/policy/recipient_store.h"

#include "services/policy/recipient_line.h"

namespace hikyaku::policy {
namespace {

constexpr std::uint64_t most_file_octets = 1ULL << 30;
constexpr std::size_t lines_a_lock = 1'000;

// Lines for at most lines_a_lock entries behind `after`, which becomes the last of them. False: there are no more.
template <class Line, class Map>
bool add_some(std::string& to, const Map& map, std::string& after) {
  auto one = map.upper_bound(after);
  for (std::size_t n = 0; n < lines_a_lock && one != map.end(); ++n, ++one) {
    to += recipient_line(Line{one->first, one->second});
    after = one->first;
  }
  return one != map.end();
}

}  // namespace

std::string recipients_file(const std::string& folder) { return folder + "/inner-recipients"; }

RecipientStore::RecipientStore(io::Disk& disk, std::string folder, RecipientTerms terms) : disk_(disk), file_name_(recipients_file(folder)), memory_(terms) { open(); }

void RecipientStore::open() {
  const auto text = io::read_file(disk_, file_name_, most_file_octets);
  if (!text) {
    if (text.error().kind != io::DiskFailure::NotFound) trouble_ = text.error().what;
    return;
  }
  if (const auto unreadable = restore(memory_, *text); unreadable > 0) trouble_ = file_name_ + ": " + std::to_string(unreadable) + " lines could not be read";
}

void RecipientStore::set_terms(RecipientTerms terms) {
  const std::lock_guard lock(mutex_);
  memory_.set_terms(terms);
}

RecipientVerdict RecipientStore::judge(const std::string& user, Reach reach, UnknownWhileAway otherwise, WallTime now) const {
  const std::lock_guard lock(mutex_);
  return memory_.judge(user, reach, otherwise, now);
}

bool RecipientStore::wants_try(const std::string& user, WallTime now) const {
  const std::lock_guard lock(mutex_);
  return memory_.wants_try(user, now);
}

void RecipientStore::said(const std::string& user, RecipientSaid what, WallTime now) {
  const std::lock_guard lock(mutex_);
  memory_.said(user, what, now);
  unsaved_ += recipient_line(UserLine{user, {what, now}});
}

void RecipientStore::tried(const std::string& domain, bool takes_everybody, WallTime now) {
  const std::lock_guard lock(mutex_);
  memory_.tried(domain, takes_everybody, now);
  unsaved_ += recipient_line(ServerLine{domain, {takes_everybody, now}});
}

void RecipientStore::away(const std::string& domain, WallTime now) {
  const std::lock_guard lock(mutex_);
  memory_.away(domain, now);
}

io::DiskResult<> RecipientStore::save(WallTime now) {
  std::string lines;
  {
    const std::lock_guard lock(mutex_);
    memory_.tend(now);
    lines.swap(unsaved_);
  }
  if (lines.empty()) return {};
  // A file that an earlier life left is replaced first: its end may be torn.
  if (!file_ || octets_ + lines.size() > std::max(least_octets, 2 * octets_anew_)) return write_anew();
  if (auto written = file_->write_at(octets_, lines); !written) {
    file_.reset();  // all of it again, next time
    const std::lock_guard lock(mutex_);
    unsaved_.insert(0, lines);
    return written;
  }
  octets_ += lines.size();
  return {};
}

io::DiskResult<> RecipientStore::write_anew() {
  std::string text(recipients_heading);
  text += '\n';
  // In pieces: reception waits for the lock. What changes meanwhile is appended behind.
  {
    const std::lock_guard lock(mutex_);
    unsaved_.clear();
  }
  std::string user, server;
  for (bool more = true; more;) {
    const std::lock_guard lock(mutex_);
    more = add_some<UserLine>(text, memory_.users(), user);
  }
  for (bool more = true; more;) {
    const std::lock_guard lock(mutex_);
    more = add_some<ServerLine>(text, memory_.servers(), server);
  }
  file_.reset();
  TRY_VOID(io::replace_file(disk_, file_name_, text));
  TRY(opened, disk_.open(file_name_, io::OpenMode::ReadWrite));
  file_ = std::move(opened);
  octets_ = octets_anew_ = text.size();
  return {};
}

}  // namespace hikyaku::policy
