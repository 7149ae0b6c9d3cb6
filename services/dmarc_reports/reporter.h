// DmarcReporter: tells the owners of domains, once a day and where their DMARC record asks for it, what was seen in their name (RFC 7489 §7.2). Runs in
// `deliver`, over the files that reception writes (seen_store.h). A report leaves once: its mail is written durably, with an id that follows from day, domain
// and address, and then it is remembered that the domain was told.
#pragma once

#include <functional>
#include <set>

#include "io/resolver.h"
#include "io/workers.h"
#include "protocol/dmarc/public_suffix.h"
#include "services/dmarc_reports/report_mail.h"
#include "services/spool/spool.h"
#include "services/telemetry/log.h"

namespace hikyaku::dmarc_reports {

class DmarcReporter {
 public:
  enum class Send : std::uint8_t { Reports, Nothing };
  struct Settings {
    Send send = Send::Reports;
    Address contact;
  };
  struct Parts {
    io::Loop& loop;
    io::Workers& workers;
    io::Disk& disk;
    std::string seen_folder, sent_file;
    std::string suffix_list = "/usr/share/publicsuffix/public_suffix_list.dat";  // may be missing
    telemetry::Log& log;
    const Clock& clock;
    std::string hostname;
    std::uint16_t node = 1, journal = 0;
    std::function<Settings()> settings;
    std::function<Task<io::DnsAnswer<std::string>>(std::string name, Deadline deadline)> txt;
    std::function<spool::SpoolResult<>(const spool::GeneratedMail& mail)> generate;  // durable; on a worker
  };
  explicit DmarcReporter(Parts parts) : parts_(std::move(parts)) {}
  DmarcReporter(const DmarcReporter&) = delete;
  DmarcReporter& operator=(const DmarcReporter&) = delete;

  // Sends what is due every ten minutes, until the loop stops.
  Task<void> run();
  // One round.
  Task<void> send_due();

 private:
  enum class Sent : std::uint8_t { Done, Later };
  void load();
  void keep();
  Task<void> report_day(UtcDay day);
  Task<Sent> report(const DomainSeen& seen, UtcDay day);
  // Where reports on the domain may go; nothing: DNS did not say.
  Task<std::optional<std::vector<dmarc::ReportUri>>> destinations(std::string domain);
  Task<bool> may_send_to(std::string domain, dmarc::ReportUri& uri);
  Task<bool> write(spool::GeneratedMail mail);
  [[nodiscard]] std::string organization_of(std::string_view domain, std::string_view other) const;

  Parts parts_;
  bool loaded_ = false;
  std::optional<dmarc::PublicSuffixList> suffixes_;  // nothing: there is no list
  std::set<std::string> sent_;                       // "2026-11-22 TAB domain"; "*": the whole day is done
  std::size_t unkept_ = 0;                           // of sent_, not on disk yet
};

}  // namespace hikyaku::dmarc_reports
