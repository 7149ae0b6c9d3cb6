// The keeper of the ledger of refusals, in `deliver`: reads reception's log as it grows, tells administrators and recipients of those who were put off
// (docs/adr/0031-refusal-notices.md), and answers for the links it has sent. All of it on workers, one step at a time.
#pragma once

#include <mutex>

#include "apps/service/service.h"
#include "io/channel.h"
#include "io/repeat.h"
#include "services/directory/editor.h"
#include "services/escrow/overview.h"
#include "services/refusals/decision_protocol.h"
#include "services/refusals/log_tail.h"
#include "services/refusals/mails.h"
#include "services/spool/spool.h"

namespace hikyaku::apps {

class RefusalsTask {
 public:
  RefusalsTask(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, spool::Spool& spool, directory::Editor& editor);
  // Until the loop stops.
  Task<void> run();
  // A DecisionRequest to a DecisionReply.
  Task<io::Message> answer(io::Message request, io::PeerProcess peer);

 private:
  // What was told, from its file, and the key of links, made when there is none.
  void open();
  [[nodiscard]] refusals::LogTail::Left read_log();
  void take(std::string_view line);
  // Some of the log; when there is no more of it, what follows from it.
  Task<Duration> step();
  void look();
  void send_notices(std::vector<refusals::Row> rows, const escrow::Overview& kept);
  void tell_recipients(const std::vector<refusals::Row>& given_up, const escrow::Overview& kept);
  [[nodiscard]] bool digest_is_due(WallTime now) const;
  void send_digest(WallTime now, const escrow::Overview& kept);
  // With the copies that are kept of their mail.
  [[nodiscard]] std::vector<refusals::Row> with_copies(std::vector<refusals::Row> rows, const escrow::Overview& kept) const;
  // False: it was not written, and is tried again.
  bool send(const spool::GeneratedMail& mail);
  void keep();
  // A flood of likely honest senders is not a flood of mail.
  [[nodiscard]] bool may_notice(WallTime now);
  [[nodiscard]] bool may_tell(const std::string& recipient, WallTime now) const;
  [[nodiscard]] bool may_send_any(const refusals::Plan& due, WallTime now);
  [[nodiscard]] refusals::DecisionReply decide(const refusals::DecisionRequest& request);
  [[nodiscard]] bool carry_out(const refusals::LinkSubject& subject, refusals::Decision decision);
  [[nodiscard]] refusals::Terms terms() const;
  [[nodiscard]] refusals::LinkFor links() const;
  [[nodiscard]] std::vector<Address> administrators() const;
  [[nodiscard]] refusals::Origin origin(std::vector<refusals::Language> languages) const;

  Service& service_;
  io::Loop& loop_;
  io::Workers& workers_;
  io::Disk& disk_;
  spool::Spool& spool_;
  directory::Editor& editor_;
  const SystemClock clock_;
  std::mutex mutex_;  // of all below: a link is answered while the log is read
  bool opened_ = false;
  std::string key_;   // empty: there can be no links
  refusals::Told told_;
  std::string kept_;  // what the file says
  policy::Ledger ledger_;
  std::map<std::int64_t, refusals::ForGood> for_good_;  // by hour since 1970, of the last days
  refusals::LogTail refused_, accepted_;
  std::vector<WallTime> notices_sent_;               // of the last hour
  std::map<std::string, WallTime> recipients_told_;  // of the last hours
};

}  // namespace hikyaku::apps
