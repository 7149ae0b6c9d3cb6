// TlsReporter: counts how TLS with other domains goes, and tells their owners once a day where they ask for it (RFC 8460).
// A report leaves once: its mail is written durably, with an id that follows from domain and day, before the counts go.
#pragma once

#include <functional>

#include "io/resolver.h"
#include "io/workers.h"
#include "protocol/tls_policy/txt_record.h"
#include "services/delivery/tls/tls_book.h"
#include "services/delivery/tls/tls_report.h"
#include "services/http_client/client.h"
#include "services/spool/spool.h"
#include "services/telemetry/log.h"

namespace hikyaku::delivery {

class TlsReporter {
 public:
  enum class Send : std::uint8_t { Reports, Nothing };
  struct Settings {
    Send send = Send::Reports;
    Address contact;  // of who answers for us
  };
  struct Parts {
    io::Loop& loop;
    io::Workers& workers;
    io::Disk& disk;
    std::string file;  // of the counts
    telemetry::Log& log;
    const Clock& clock;
    std::string hostname;
    std::uint16_t node = 1, journal = 0;
    std::function<Settings()> settings;
    std::function<Task<io::DnsAnswer<std::string>>(std::string name, Deadline deadline)> txt;
    std::function<Task<Result<http::ClientAnswer, http::ClientError>>(http::ClientRequest request, Deadline deadline)> post;
    std::function<spool::SpoolResult<>(const spool::GeneratedMail& mail)> generate;  // durable; on a worker
  };
  explicit TlsReporter(Parts parts) : parts_(std::move(parts)) {}
  TlsReporter(const TlsReporter&) = delete;
  TlsReporter& operator=(const TlsReporter&) = delete;

  // Before the first session; blocks on the disk.
  void load();
  void count(const TlsObservation& seen) { book_.count(seen, parts_.clock.wall()); }
  [[nodiscard]] const TlsBook& book() const { return book_; }
  // Keeps the counts on disk every ten seconds, sends what is due every ten minutes. Until the loop stops.
  Task<void> run();
  // One round each.
  Task<void> keep();
  Task<void> send_due();

 private:
  enum class Sent : std::uint8_t { Done, Later };
  Task<Sent> report(UtcDay day, std::string domain, Settings settings);
  Task<Sent> deliver(TlsReportFacts facts, tls_policy::ReportAddresses addresses);
  Task<bool> post(const TlsReportFacts& facts, std::vector<std::string> uris);

  Parts parts_;
  TlsBook book_;
  std::uint64_t kept_ = 0;  // version of the book on disk
};

}  // namespace hikyaku::delivery
