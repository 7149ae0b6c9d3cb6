// The DNS records of a domain whose mail is here, as DNS shows them now, and what to publish where they are missing or wrong.
#pragma once

#include <string>
#include <vector>

#include "apps/cli/why/policy.h"
#include "services/directory/dkim_key.h"

namespace hikyaku::cli {

struct DomainRecord {
  std::string kind;  // "mx", "spf", "dkim", "dmarc", "ptr", "helo", "mta-sts", "tlsrpt"; of no record: "postmaster"
  delivery::RecordState state = delivery::RecordState::Unknown;
  std::string english, japanese;  // one sentence
  std::string publish = {};       // a line of a zone file; empty: it is not ours to say
  bool needed = true;             // without it mail suffers
};
struct DomainQuestion {
  std::string domain;
  std::vector<io::IpAddress> addresses;  // ours, at least one
  std::vector<directory::DkimKey> keys;
};
// At most about a minute.
[[nodiscard]] std::vector<DomainRecord> check_domain(const settings::Settings& settings, const DomainQuestion& question);

}  // namespace hikyaku::cli
