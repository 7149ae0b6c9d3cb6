#include "services/escrow/intake.h"

#include "services/escrow/places.h"
#include "services/escrow/sealed_text.h"

namespace hikyaku::escrow {
namespace {

using spool::SpoolError, spool::SpoolFailure, spool::SpoolResult;

// A page that came since may have been written just before such a deposit was whole.
constexpr std::chrono::seconds page_takes{10};

}  // namespace

void Intake::refresh(WallTime now) {
  read_page();
  forget_taken(now - page_takes);
}

void Intake::read_page() {
  const auto path = folder_ + "/" + std::string(page_name);
  std::string heading(KnownPage::heading_octets, '\0');
  const auto file = disk_.open(path, io::OpenMode::Read);
  const auto got = file ? (*file)->read_at(0, heading) : io::DiskResult<std::size_t>(0);
  if (!file || !got || *got != heading.size()) {
    heading_.clear();
    const std::lock_guard lock(mutex_);
    page_ = {};
    return;
  }
  if (heading == heading_) return;
  const auto text = io::read_file(disk_, path, KnownPage::most_octets);
  auto page = text ? KnownPage::parse(*text) : std::nullopt;
  if (!page) return;  // replaced meanwhile: the next look
  heading_ = text->substr(0, KnownPage::heading_octets);
  const std::lock_guard lock(mutex_);
  std::swap(page_, *page);
}

// The page has it, or the keeper took it from the drop folder and let it go.
void Intake::forget_taken(WallTime before) {
  std::vector<std::pair<std::string, TraceId>> waiting;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [mark, one] : waiting_)
      if (one.since < before || page_.kept.contains(mark)) waiting.emplace_back(mark, one.id);
  }
  std::erase_if(waiting, [this](const auto& one) { return disk_.info(folder_ + "/drop/" + one.second.text()).has_value(); });
  const std::lock_guard lock(mutex_);
  for (const auto& [mark, id] : waiting) stop_waiting(mark);
}

void Intake::stop_waiting(const std::string& mark) {
  const auto one = waiting_.find(mark);
  if (one == waiting_.end()) return;
  waiting_octets_ -= one->second.octets;
  waiting_.erase(one);
}

Intake::Known Intake::find(const std::string& mark) const {
  const std::lock_guard lock(mutex_);
  if (page_.released.contains(mark)) return Known::Released;
  return page_.kept.contains(mark) || waiting_.contains(mark) ? Known::Kept : Known::No;
}

std::optional<TraceId> Intake::copy_of(const std::string& mark) const {
  const std::lock_guard lock(mutex_);
  if (const auto kept = page_.kept.find(mark); kept != page_.kept.end()) return kept->second;
  const auto waiting = waiting_.find(mark);
  return waiting == waiting_.end() ? std::nullopt : std::optional(waiting->second.id);
}

bool Intake::knows_any() const {
  const std::lock_guard lock(mutex_);
  return !page_.kept.empty() || !page_.released.empty() || !waiting_.empty();
}

bool Intake::has_room() const {
  const std::lock_guard lock(mutex_);
  return has_room_locked();
}

SpoolResult<> Intake::keep(quarantine::Entry entry, quarantine::Source text, WallTime now) {
  const auto octets = sealed_octets(entry.envelope.body_octets);
  std::string key;
  {
    const std::lock_guard lock(mutex_);
    if (!has_room_locked()) return failure(SpoolError{SpoolFailure::NoSpace, "too many copies wait for deliver, which keeps them"});
    if (page_.kept.contains(entry.mark) || page_.released.contains(entry.mark)) return {};
    if (!waiting_.try_emplace(entry.mark, Waiting{entry.envelope.id, now, octets}).second) return {};
    waiting_octets_ += octets;
    key = page_.key;
  }
  entry.octets = octets;
  auto deposited = deposit(entry, std::move(text), key);
  if (deposited) return {};
  const std::lock_guard lock(mutex_);
  stop_waiting(entry.mark);
  return deposited;
}

SpoolResult<> Intake::deposit(quarantine::Entry& entry, quarantine::Source text, const std::string& key) {
  auto deposited = store_.deposit(entry, sealed(std::move(text), key, about(entry)));
  if (!deposited) return failure(std::move(deposited).error());
  deposited->keep();
  return {};
}

// Durable in no way: what is lost of it leaves a copy to its age.
void Intake::passed(const std::string& mark) {
  (void)disk_.open(folder_ + "/drop/" + std::string(passed_prefix) + mark, io::OpenMode::CreateNew);
  const std::lock_guard lock(mutex_);
  page_.kept.erase(mark);
  stop_waiting(mark);
}

}  // namespace hikyaku::escrow
