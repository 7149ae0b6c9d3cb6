// Requests: carries out what an IMAP session asks of the store (protocol/imap/store.h) on the account's mailboxes
// (services/mailboxes). Blocking, on a worker; one thread at a time for each object. Holds no open mailbox and no
// database: between requests only what a large FETCH and an APPEND under way need.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apps/imap_store/pending_body.h"
#include "protocol/imap/store.h"
#include "services/mailboxes/mailboxes.h"

namespace hikyaku::apps::imap_store {

// What all sessions of the process share.
struct Shared {
  mailboxes::Mailboxes& mailboxes;
  const Clock& clock;
  // The account's limit, from the directory; 0: none.
  std::function<mailboxes::QuotaLimit(AccountId)> quota;
  Duration longest_request = 30s;
  // Where large messages of unfinished APPENDs wait, in files without a name; empty: in memory.
  std::string append_folder;
  // Octets of unfinished APPENDs of all sessions together: in memory (what does not fit goes to files), and in all.
  std::uint64_t append_memory_budget_octets = 64 << 20;
  std::uint64_t append_budget_octets = 4ULL << 30;
  std::atomic<std::uint64_t> append_memory_octets{0}, append_octets{0};
};

class Requests {
 public:
  Requests(Shared& shared, AccountId account) : shared_(shared), account_(account) {}
  ~Requests() { drop_appends(); }
  Requests(const Requests&) = delete;
  Requests& operator=(const Requests&) = delete;

  // Makes the account's store when this is its first use.
  [[nodiscard]] mailboxes::MailboxResult<> prepare();
  [[nodiscard]] imap::StoreAnswer carry_out(const imap::StoreRequest& request);
  // A search is done in slices of about 100 ms, so that it cannot keep a worker: call carry_out() again with the same
  // request while this says so.
  [[nodiscard]] bool unfinished() const { return search_ != nullptr; }
  // Of the account, when the session was told everything last; 0: it was not.
  [[nodiscard]] storage::Version seen_version() const { return seen_version_; }
  // Gives back what the last command needed.
  void release_memory();

 private:
  // A SEARCH under way.
  struct Search {
    imap::NumberSet left;  // UIDs still to be looked at
    imap::Found found;
  };
  struct PendingMessage {
    PendingBody body;
    imap::MessageFlags flags;
    WallTime internal_date{};
    std::uint64_t announced_octets = 0;
  };

  imap::StoreAnswer answer(const imap::ListMailboxes& request);
  imap::StoreAnswer answer(const imap::GetStatus& request);
  imap::StoreAnswer answer(const imap::CreateMailbox& request);
  imap::StoreAnswer answer(const imap::DeleteMailbox& request);
  imap::StoreAnswer answer(const imap::RenameMailbox& request);
  imap::StoreAnswer answer(const imap::Subscribe& request);
  imap::StoreAnswer answer(const imap::OpenMailbox& request);
  imap::StoreAnswer answer(const imap::Refresh& request);
  imap::StoreAnswer answer(const imap::FindVanished& request);
  imap::StoreAnswer answer(const imap::FetchRecords& request);
  imap::StoreAnswer answer(const imap::ReadBody& request);
  imap::StoreAnswer answer(const imap::StoreFlags& request);
  imap::StoreAnswer answer(const imap::SearchMailbox& request);
  imap::StoreAnswer answer(const imap::Expunge& request);
  imap::StoreAnswer answer(const imap::CopyMessages& request);
  imap::StoreAnswer answer(const imap::AppendStart& request);
  imap::StoreAnswer answer(const imap::AppendData& request);
  imap::StoreAnswer answer(const imap::AppendCommit& request);
  imap::StoreAnswer answer(const imap::AppendAbort& request);
  imap::StoreAnswer answer(const imap::GetQuota& request);

  [[nodiscard]] Deadline deadline() const { return shared_.clock.now() + shared_.longest_request; }
  [[nodiscard]] mailboxes::MailboxResult<mailboxes::MailboxInfo> selectable(std::string_view name);
  [[nodiscard]] mailboxes::MailboxResult<std::vector<mailboxes::MessageRecord>> records_of(mailboxes::MailboxId mailbox,
                                                                                           const imap::NumberSet& uids,
                                                                                           std::uint32_t limit,
                                                                                           std::uint32_t& answered_up_to);
  [[nodiscard]] mailboxes::MailboxResult<std::string> whole_body(const mailboxes::MessageRecord& record);
  // Fills what `needs` names.
  [[nodiscard]] mailboxes::MailboxResult<> complete(mailboxes::MailboxId mailbox, mailboxes::MessageRecord& record,
                                                    std::uint8_t needs, imap::MessageRecord& into);
  // All live UIDs of the mailbox, and the next one that it gives.
  struct Live {
    imap::NumberSet uids;
    std::uint32_t uid_next = 1;
  };
  [[nodiscard]] mailboxes::MailboxResult<Live> live_uids(mailboxes::MailboxId mailbox);
  void drop_appends();
  [[nodiscard]] PendingBody place_for(std::uint64_t octets);

  Shared& shared_;
  AccountId account_;
  storage::Version seen_version_;                 // of the account at the last Refresh that told everything
  std::uint64_t seen_modseq_ = 0;
  mailboxes::MailboxId seen_mailbox_;
  std::unique_ptr<mailboxes::MessageRecord> reading_;  // of the last ReadBody
  mailboxes::MailboxId reading_mailbox_;
  std::vector<PendingMessage> pending_;
  std::string pending_mailbox_;
  std::unique_ptr<Search> search_;
};

}  // namespace hikyaku::apps::imap_store
