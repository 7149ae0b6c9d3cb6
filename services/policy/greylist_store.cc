#include "services/policy/greylist_store.h"

#include "services/policy/greylist_line.h"

namespace hikyaku::policy {
namespace {

constexpr auto known_is_written_each = std::chrono::hours{1};

}  // namespace

std::string greylist_file(const std::string& folder) { return folder + "/greylist"; }

GreylistStore::GreylistStore(io::Disk& disk, const std::string& folder, GreylistTerms terms) : memory_(terms), file_(disk, greylist_file(folder), greylist_heading) { open(disk, folder); }

void GreylistStore::open(io::Disk& disk, const std::string& folder) {
  if (const auto made = disk.make_folder(folder); !made) return void(trouble_ = made.error().what);
  const auto text = file_.read();
  if (!text) {
    if (text.error().kind != io::DiskFailure::NotFound) trouble_ = text.error().what;
    return;
  }
  if (const auto unreadable = restore(memory_, *text); unreadable > 0) trouble_ = file_.name() + ": " + std::to_string(unreadable) + " lines could not be read";
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
  if (verdict.passes()) file_.learned(greylist_line(KnownLine{key.source, memory_.all_known().at(key.source)}));
  else if (const auto waits = memory_.all_waiting().find(key); waits != memory_.all_waiting().end()) file_.learned(greylist_line(WaitingLine{key, waits->second}));
  return verdict;
}

void GreylistStore::stayed(const GreylistKey& key, WallTime now) {
  const std::lock_guard lock(mutex_);
  memory_.stayed(key, now);
  file_.learned(greylist_line(KnownLine{key.source, memory_.all_known().at(key.source)}));
}

io::DiskResult<> GreylistStore::save(WallTime now) {
  for (bool more = true; more;) {  // in pieces: reception waits for the lock
    const std::lock_guard lock(mutex_);
    more = memory_.tend(now);
  }
  bool waiting = true;
  std::optional<GreylistKey> key;
  std::optional<std::string> source;
  return file_.save(mutex_, [&](std::string& to) {
    if (waiting) waiting = add_some(to, memory_.all_waiting(), key, [](const auto& one) { return greylist_line(WaitingLine{one.first, one.second}); });
    else return add_some(to, memory_.all_known(), source, [](const auto& one) { return greylist_line(KnownLine{one.first, one.second}); });
    return true;
  });
}

}  // namespace hikyaku::policy
