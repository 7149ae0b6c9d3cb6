// Maildrop: one account's INBOX as a POP3 session sees it: a snapshot taken at login, its messages named by index. Every
// function blocks (run them on workers, one at a time) and answers in the session's own words.
#pragma once

#include <string>
#include <vector>

#include "protocol/pop3/session.h"
#include "services/mailboxes/mailboxes.h"

namespace hikyaku::apps {

class Maildrop {
 public:
  // `store` must outlive it.
  Maildrop(mailboxes::Mailboxes& store, AccountId account) : store_(store), account_(account) {}

  [[nodiscard]] pop3::Answer answer(const pop3::Request& request, Deadline deadline);
  // Why the last answer was a Trouble, for the log.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  pop3::Answer open(Deadline deadline);
  pop3::Answer uidls(const pop3::ReadUidls& wanted, Deadline deadline);
  pop3::Answer body(const pop3::ReadBody& wanted, Deadline deadline);
  pop3::Answer remove(const pop3::Delete& wanted, Deadline deadline);
  pop3::Trouble trouble(const mailboxes::MailboxError& error);

  mailboxes::Mailboxes& store_;
  AccountId account_;
  mailboxes::MailboxId inbox_;
  std::vector<mailboxes::Uid> uids_;
  mailboxes::MessageRecord record_;  // of the message being read; its uid is 0 at first
  std::string problem_;
};

}  // namespace hikyaku::apps
