#include "services/policy/recipient_store.h"

#include "services/policy/recipient_line.h"

namespace hikyaku::policy {

std::string recipients_file(const std::string& folder) { return folder + "/inner-recipients"; }

RecipientStore::RecipientStore(io::Disk& disk, const std::string& folder, RecipientTerms terms) : memory_(terms), file_(disk, recipients_file(folder), recipients_heading) { open(); }

void RecipientStore::open() {
  const auto text = file_.read();
  if (!text) {
    if (text.error().kind != io::DiskFailure::NotFound) trouble_ = text.error().what;
    return;
  }
  if (const auto unreadable = restore(memory_, *text); unreadable > 0) trouble_ = file_.name() + ": " + std::to_string(unreadable) + " lines could not be read";
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
  file_.learned(recipient_line(UserLine{user, {what, now}}));
}

void RecipientStore::tried(const std::string& domain, bool takes_everybody, WallTime now) {
  const std::lock_guard lock(mutex_);
  memory_.tried(domain, takes_everybody, now);
  file_.learned(recipient_line(ServerLine{domain, {takes_everybody, now}}));
}

void RecipientStore::away(const std::string& domain, WallTime now) {
  const std::lock_guard lock(mutex_);
  memory_.away(domain, now);
}

io::DiskResult<> RecipientStore::save(WallTime now) {
  {
    const std::lock_guard lock(mutex_);
    memory_.tend(now);
  }
  bool users = true;
  std::optional<std::string> user, server;
  return file_.save(mutex_, [&](std::string& to) {
    if (users) users = add_some(to, memory_.users(), user, [](const auto& one) { return recipient_line(UserLine{one.first, one.second}); });
    else return add_some(to, memory_.servers(), server, [](const auto& one) { return recipient_line(ServerLine{one.first, one.second}); });
    return true;
  });
}

}  // namespace hikyaku::policy
