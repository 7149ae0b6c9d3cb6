// Reception: what all loops of the process share. Front: one loop with its connections.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "apps/receive/access_book.h"
#include "apps/receive/bell.h"
#include "apps/receive/etrn_limit.h"
#include "apps/receive/gate.h"
#include "apps/receive/held_quota.h"
#include "apps/receive/inner_recipients.h"
#include "apps/receive/policies.h"
#include "apps/receive/rate_book.h"
#include "apps/receive/trouble_watch.h"
#include "apps/service/service.h"
#include "io/address_limit.h"
#include "io/connection.h"
#include "io/listener.h"
#include "io/loop.h"
#include "io/workers.h"
#include "protocol/dmarc/public_suffix.h"
#include "services/directory/auth_client.h"
#include "services/dmarc_reports/seen_store.h"
#include "services/escrow/intake.h"
#include "services/filters/policy_server.h"
#include "services/policy/greylist_store.h"
#include "services/policy/known_keys.h"
#include "services/policy/list_health.h"
#include "services/quarantine/store.h"
#include "services/scanning/scanner.h"
#include "services/spool/incoming.h"

namespace hikyaku::receive {

// One of the connections that may be open at once, in all loops together.
class OpenPlace {
 public:
  // Nothing: there are `limit` already.
  static std::optional<OpenPlace> enter(std::atomic<std::uint64_t>& open, std::uint64_t limit) {
    if (open.fetch_add(1) < limit) return OpenPlace(open);
    open.fetch_sub(1);
    return std::nullopt;
  }
  OpenPlace(OpenPlace&& other) noexcept : open_(std::exchange(other.open_, nullptr)) {}
  OpenPlace& operator=(OpenPlace&&) = delete;
  ~OpenPlace() {
    if (open_) open_->fetch_sub(1);
  }

 private:
  explicit OpenPlace(std::atomic<std::uint64_t>& open) : open_(&open) {}
  std::atomic<std::uint64_t>* open_;
};

struct Reception {
  apps::Service& service;
  spool::IncomingWriter& incoming;
  io::Workers& workers;
  io::AddressLimit places;
  Bell& bell;
  HeldQuota& held;
  policy::GreylistStore& greylist;
  policy::RecipientStore& inner_recipients;
  policy::SessionJournal& sessions;
  std::string life;  // a name of this process's own, for the sessions it records
  AccessBook access;
  RateBook rates;
  quarantine::Store& quarantine;
  escrow::Intake& escrow;
  dmarc_reports::SeenStore& dmarc_seen;
  policy::ListHealth& list_health;
  std::shared_ptr<const dmarc::PublicSuffixList> suffixes;  // null: there is no list on this machine
  policy::KnownKeys keys{};
  EtrnLimit etrn;
  std::size_t loops = 1;
  std::shared_ptr<scanning::ScanPlaces> scans = std::make_shared<scanning::ScanPlaces>();
  SystemClock clock;
  TroubleWatch checkers{service.log(), clock, {telemetry::events::checker_away, telemetry::events::checker_back, 3}};  // clamd, milters, policy servers, rspamd
  TroubleWatch disk{service.log(), clock, {telemetry::events::disk_low, telemetry::events::disk_enough, 1, std::chrono::minutes{1}}};
  std::atomic<std::uint64_t> connections{0};  // ever taken
  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> tarpitted{0};  // sessions that wait for a reply on purpose

  [[nodiscard]] std::shared_ptr<const Policies> policies() const {
    const std::lock_guard lock(mutex);
    return current;
  }
  void replace_policies(std::shared_ptr<const Policies> next) {
    const std::lock_guard lock(mutex);
    current = std::move(next);
  }

  mutable std::mutex mutex;
  std::shared_ptr<const Policies> current;
};

class Session;

class Front {
 public:
  Front(Reception& reception, io::Loop::Options options);

  // Accepts from an inherited listener until drain(). Spawn it.
  Task<void> accept(Port port, int descriptor);
  // No new connections; idle sessions end with 421, busy ones after their message, and the loop stops when the last has
  // ended or `limit` has passed. On the loop's thread.
  void drain(Duration limit);

  // What this client may be offered; kept for a second, since most clients come again and again.
  Task<directory::Answer<directory::PeerRights>> rights(directory::PeerContext peer);

  io::Loop loop;
  Reception& reception;
  directory::AuthClient auth;
  Gate gate;
  InnerRecipients inner;
  scanning::Scanner scanner{loop, reception.scans};
  filters::AllAsked asked{loop};
  filters::PolicyServers policy_servers{loop};
  filters::Turns inspecting{loop};
  bool draining = false;
  std::unordered_set<Session*> sessions;

 private:
  Task<void> stop_when_empty(Deadline deadline);
  struct KnownRights {
    directory::PeerRights rights;
    Instant until;
  };
  std::unordered_map<std::string, KnownRights> known_rights_;  // at most 4,096
  Instant auth_away_until_{};
  std::vector<std::unique_ptr<io::Listener>> listeners_;
};

}  // namespace hikyaku::receive
