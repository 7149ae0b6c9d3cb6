// MailChecks: what can be proved of one message of a stranger: SPF, DKIM, ARC, DMARC and the name of its client, together, in one pass over
// the text as it arrives. Pure; asks through Answers. The words for Authentication-Results (RFC 8601) come with it.
//
//   MailChecks checks(attempt);
//   checks.feed(octets) ...; checks.end();
//   while (!(found = checks.results(answers))) look up what answers want;
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "protocol/arc/chain.h"
#include "protocol/authres/authres.h"
#include "protocol/dkim/verification.h"
#include "protocol/dmarc/aggregate_report.h"
#include "services/policy/answers.h"
#include "services/policy/attempt.h"
#include "services/policy/client_name.h"

namespace hikyaku::policy {

struct MailFindings {
  ClientName client;
  spf::Verdict spf;
  std::vector<dkim::SignatureResult> dkim;
  arc::Verdict arc;
  std::variant<dmarc::AuthorProblem, dmarc::Verdict> dmarc;
  std::string author_domain;  // of From; empty: a problem
  std::vector<authres::MethodResult> words;

  // "spf=pass dkim=pass arc=none dmarc=fail", for the log.
  [[nodiscard]] std::string summary() const;
};

class MailChecks {
 public:
  static constexpr std::size_t most_header_octets = 256 << 10;  // of a longer header nothing can be proved
  // `sample`: 0..99, by chance for each message (DMARC's pct=). `keys`: those read lately, which outlive this; null: each is read anew.
  explicit MailChecks(Attempt attempt, unsigned sample = 0, dkim::ReadKeys* keys = nullptr) : attempt_(std::move(attempt)), sample_(sample), keys_(keys), message_({.most_header_octets = most_header_octets}) {}
  void feed(std::string_view octets) { message_.feed(octets); }
  void end();
  // Many keys: results() costs milliseconds. After end().
  [[nodiscard]] bool is_heavy() const { return dkim_->key_names().size() + arc_->key_names().size() > 3; }
  // Nothing: answers are wanted. After end(). Keys are tried once, however often it is asked.
  [[nodiscard]] std::optional<MailFindings> results(Answers& answers);

 private:
  [[nodiscard]] std::optional<MailFindings> judge_author(MailFindings found, Answers& answers) const;
  struct Proved {
    std::vector<dkim::SignatureResult> dkim;
    arc::Verdict arc;
  };

  Attempt attempt_;
  unsigned sample_;
  dkim::ReadKeys* keys_;
  dkim::Message message_;
  std::optional<dkim::Verification> dkim_;
  std::optional<arc::Verification> arc_;
  std::optional<Proved> proved_;
};

// What a report to the author's domain says of it (RFC 7489 §7.2). Nothing: that domain asks for no reports, or nothing was found out.
struct DmarcRow {
  dmarc::PublishedPolicy policy;
  dmarc::ReportRow row;
};
enum class Refused : std::uint8_t { No, Yes };
[[nodiscard]] std::optional<DmarcRow> dmarc_row(const MailFindings& found, const Attempt& attempt, Refused refused);

// What the rule dmarc says of it.
[[nodiscard]] Finding find_dmarc(const MailFindings& found);

}  // namespace hikyaku::policy
