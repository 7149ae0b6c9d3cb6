#include "services/policy/greylist_store.h"

#include <algorithm>

#include "services/policy/greylist_line.h"

namespace hikyaku::policy {
namespace {

constexpr std::size_t most_orders = 100;  // of one save
constexpr std::uint64_t longest_order = 4 << 20;  // more than a command line holds

LinesFile file_in(io::Disk& disk, const std::string& folder) { return LinesFile(disk, folder + "/greylist", greylist_heading); }

// Busy sources are known for weeks: of an hour's mails the first is written down.
bool is_of_another_hour(WallTime before, WallTime now) { return std::chrono::floor<std::chrono::hours>(before) != std::chrono::floor<std::chrono::hours>(now); }

}  // namespace

GreylistMemory read_greylist(io::Disk& disk, const std::string& folder, GreylistTerms terms, WallTime now) {
  GreylistMemory memory(terms);
  if (const auto text = file_in(disk, folder).read()) (void)restore(memory, *text);
  while (memory.tend(now)) {}
  return memory;
}

GreylistStore::GreylistStore(io::Disk& disk, const std::string& folder, GreylistTerms terms)
    : disk_(disk), folder_(folder), memory_(terms), file_(file_in(disk, folder)) { open(); }

void GreylistStore::open() {
  if (const auto made = disk_.make_folder(folder_); !made) return void(trouble_ = made.error().what);
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
  if (verdict.kind == Kind::KnownSource && !is_of_another_hour(verdict.known.last, now)) return verdict;
  if (verdict.passes()) file_.learned(greylist_line(KnownLine{key.source, memory_.all_known().at(key.source)}));
  else if (const auto waits = memory_.all_waiting().find(key); waits != memory_.all_waiting().end()) file_.learned(greylist_line(WaitingLine{key, waits->second}));
  return verdict;
}

void GreylistStore::stayed(const GreylistKey& key, WallTime now) {
  const std::lock_guard lock(mutex_);
  memory_.stayed(key, now);
  file_.learned(greylist_line(KnownLine{key.source, memory_.all_known().at(key.source)}));
}

// Their lines are written with this save, and they go after it: what a crash comes before is carried out again.
GreylistStore::Orders GreylistStore::carry_out_orders() {
  Orders orders;
  const auto folder = folder_ + "/" + std::string(forget_folder);
  const auto names = disk_.list(folder);
  if (!names) return orders;  // nobody ever gave one
  for (const auto& name : *names) {
    if (name.ends_with(".new") || name.ends_with("~")) continue;  // half written
    if (orders.done.size() >= most_orders) break;                 // the next save goes on
    const auto text = io::read_file(disk_, folder + "/" + name, longest_order);
    if (!text) {
      orders.trouble = text.error();  // it stays, and is looked at again
      continue;
    }
    for (std::string_view rest = *text; !rest.empty();) {
      const auto end = std::min(rest.find('\n'), rest.size());
      const std::string source(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const std::lock_guard lock(mutex_);
      (void)memory_.forget_source(source);
      file_.learned(greylist_line(ForgottenLine{source}));  // of one whose time was over too: the file may have it still
    }
    orders.done.push_back(folder + "/" + name);
  }
  return orders;
}

io::DiskResult<> GreylistStore::save(WallTime now) {
  const auto orders = carry_out_orders();
  for (bool more = true; more;) {  // in pieces: reception waits for the lock
    const std::lock_guard lock(mutex_);
    more = memory_.tend(now);
  }
  bool waiting = true;
  std::optional<GreylistKey> key;
  std::optional<std::string> source;
  auto saved = file_.save(mutex_, [&](std::string& to) {
    if (waiting) waiting = add_some(to, memory_.all_waiting(), key, [](const auto& one) { return greylist_line(WaitingLine{one.first, one.second}); });
    else return add_some(to, memory_.all_known(), source, [](const auto& one) { return greylist_line(KnownLine{one.first, one.second}); });
    return true;
  });
  if (!saved) return saved;
  for (const auto& order : orders.done)
    if (auto removed = disk_.remove(order); !removed) return removed;
  if (orders.trouble) return std::unexpected(*orders.trouble);
  return {};
}

}  // namespace hikyaku::policy
