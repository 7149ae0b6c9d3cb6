// The list of an account's mailboxes, read whole and changed as a whole: every change expects the generation it read,
// so two of them never mix. Internal.
#pragma once

#include <map>
#include <set>
#include <string>

#include "services/mailboxes/store.h"

namespace hikyaku::mailboxes {

class MailboxList {
 public:
  static MailboxResult<MailboxList> read(const Store& store);

  struct Entry {
    MailboxId id;
    MailboxRow row;
  };
  [[nodiscard]] const std::map<std::string, Entry, std::less<>>& entries() const { return entries_; }
  [[nodiscard]] const std::set<std::string, std::less<>>& subscriptions() const { return subscriptions_; }
  [[nodiscard]] const Entry* find(std::string_view name) const;
  [[nodiscard]] bool has_children(std::string_view name) const;
  [[nodiscard]] MailboxInfo info(const Entry& entry) const;

  // Changes, gathered in batch() and in what the functions above answer.
  void put(const Entry& entry);                     // adds, or replaces the row of the same name
  void erase(std::string_view name);                // the name and its mailbox row
  Entry make(std::string name, SpecialUse use, WallTime now, bool selectable);  // a new id and UIDVALIDITY, put
  void make_parents(std::string_view name, WallTime now);
  void subscribe(std::string_view name, bool wanted);
  [[nodiscard]] Batch batch() &&;

 private:
  std::map<std::string, Entry, std::less<>> entries_;
  std::set<std::string, std::less<>> subscriptions_;
  std::optional<std::string> generation_;
  std::uint64_t last_mailbox_ = 0, last_uid_validity_ = 0;
  bool numbers_changed_ = false;
  Batch changes_;
};

}  // namespace hikyaku::mailboxes
