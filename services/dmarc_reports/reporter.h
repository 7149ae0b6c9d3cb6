// DmarcReporter: tells the owners of domains, where their DMARC record asks for it, what was seen in their name (RFC 7489 §7.2): once a UTC day, or as often
// as ri= wants it between an hour and a day, in equal parts of the day. Runs in `deliver`, over the files that reception writes (seen_store.h). A report leaves
// once: its mail is written durably, with an id that follows from period, domain and address, and then it is remembered which hours the domain was told of.
// What is left when the day is over is one report.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>

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
  struct Part {
    UtcDay day;
    unsigned first = 0, hours = hours_of_day;
  };
  using Files = std::map<unsigned, std::string>;  // of a day, by hour: names
  void load();
  void keep();
  void remember(UtcDay day, std::string_view domain, Hours hours);
  [[nodiscard]] Hours told(UtcDay day, std::string_view domain) const;
  Task<void> report_day(UtcDay day, Files files);
  // Of today: for those who want to hear more often.
  Task<void> report_hours(UtcDay day, Files files, unsigned over);
  // What was not told of yet; or of those alone whose periods are so long. True: nobody is left.
  enum class Whom : std::uint8_t { All, OfThisLength };
  Task<bool> report_part(Part part, Files files, Whom whom);
  Task<std::optional<Seen>> gathered(Part part, Files files);
  Task<void> keep_told();
  Task<Sent> report(const DomainSeen& seen, Period period);
  // Where reports on the domain may go; nothing: DNS did not say.
  Task<std::optional<std::vector<dmarc::ReportUri>>> destinations(std::string domain);
  Task<bool> may_send_to(std::string domain, dmarc::ReportUri& uri);
  Task<bool> write(spool::GeneratedMail mail);
  [[nodiscard]] std::string organization_of(std::string_view domain, std::string_view other) const;

  Parts parts_;
  bool loaded_ = false;
  std::optional<dmarc::PublicSuffixList> suffixes_;  // nothing: there is no list
  std::map<std::pair<UtcDay, std::string>, Hours, std::less<>> told_;  // by domain; of "*" all is done
  std::size_t unkept_ = 0;                                             // of told_, not on disk yet
  std::map<UtcHour, Hours> lengths_;                                   // of today's hours: which lengths of periods are wanted in them, a bit each
  std::set<std::pair<UtcHour, unsigned>> done_;                        // periods of today of which nobody is left to be told
};

}  // namespace hikyaku::dmarc_reports
