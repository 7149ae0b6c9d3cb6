#include "apps/deliver/run.h"

#include <sys/socket.h>

#include "apps/deliver/delivery_settings.h"
#include "apps/deliver/escrow_task.h"
#include "apps/deliver/history_task.h"
#include "apps/deliver/quarantine_task.h"
#include "apps/deliver/queue_server.h"
#include "apps/deliver/refusals_task.h"
#include "apps/deliver/refused_mail.h"
#include "apps/deliver/subscriptions_task.h"
#include "apps/deliver/suspension_mails.h"
#include "apps/service/data_folders.h"
#include "apps/service/service_loop.h"
#include "base/paced_clock.h"
#include "io/posix_disk.h"
#include "io/resolver.h"
#include "protocol/smtp/address.h"
#include "services/delivery/account_upkeep.h"
#include "services/delivery/dns_servers.h"
#include "services/delivery/exchange_lookup.h"
#include "services/delivery/held_figures.h"
#include "services/delivery/report/report_settings.h"
#include "services/delivery/resolver_settings.h"
#include "services/delivery/tls/tls_reporter.h"
#include "services/dmarc_reports/reporter.h"
#include "services/directory/editor.h"
#include "services/directory/login_secrets.h"
#include "services/directory/quota_page.h"
#include "services/directory/seen_page.h"
#include "services/directory/srs_secrets.h"
#include "services/signing/outgoing.h"
#include "services/signing/take_over.h"
#include "storage/sqlite_engine.h"

namespace hikyaku::apps {
namespace {

constexpr int worker_threads = 8;
constexpr std::size_t worker_queue = 20'000;

// Everything the service is made of, in the order it is opened. A part that does not open is one sentence and the end.
struct Parts {
  io::PosixDisk disk;
  SystemClock machine_clock;
  PacedClock clock{machine_clock};
  std::unique_ptr<spool::Spool> spool;
  std::unique_ptr<storage::SqliteEngine> accounts, directory_engine, logins_engine, srs_engine;
  std::unique_ptr<mailboxes::Mailboxes> mailboxes;
  std::unique_ptr<directory::Reader> directory;
  std::unique_ptr<directory::LoginSecrets> logins;
  std::unique_ptr<directory::SrsSecrets> srs;
  std::unique_ptr<delivery::PauseLedger> ledger;
  std::shared_ptr<const io::TlsClientContext> tls;
};

[[noreturn]] void cannot_start(const std::string& what) { throw std::runtime_error("deliver cannot start: " + what); }

template <class T, class E>
T opened(Result<T, E> result) {
  if (!result) cannot_start(result.error().what);
  return std::move(*result);
}

std::unique_ptr<Parts> open_parts(Service& service) {
  auto parts = std::make_unique<Parts>();
  const auto settings = service.settings();
  spool::SpoolOptions options;
  options.folder = service.path("spool");
  options.node = static_cast<std::uint16_t>(settings->node.id());
  options.reserve_octets = std::min(options.reserve_octets, settings->spool.reserve().octets / 2);
  options.loading = spool::SpoolOptions::Loading::Later;  // fresh mail first
  parts->spool = opened(spool::Spool::open(parts->disk, options));
  parts->accounts = opened(storage::SqliteEngine::open(parts->disk, service.path("accounts")));
  parts->directory_engine = opened(storage::SqliteEngine::open(parts->disk, service.path("directory")));
  parts->logins_engine = opened(storage::SqliteEngine::open(parts->disk, service.path(folder::route_logins)));
  parts->logins = std::make_unique<directory::LoginSecrets>(*parts->logins_engine);
  parts->srs_engine = opened(storage::SqliteEngine::open(parts->disk, service.path(folder::srs)));
  parts->srs = std::make_unique<directory::SrsSecrets>(*parts->srs_engine);
  if (const auto prepared = parts->srs->prepare(SystemClock{}.now() + 30s); !prepared) cannot_start(prepared.error().what);
  parts->mailboxes = std::make_unique<mailboxes::Mailboxes>(*parts->accounts, parts->clock);
  std::string why;
  parts->directory = std::make_unique<directory::Reader>(*parts->directory_engine,
                                                         directory::SeenPage::open(service.path("run/directory-seen"), why), "deliver");
  parts->ledger = std::make_unique<delivery::PauseLedger>(
      opened(delivery::PauseLedger::open(parts->disk, service.path("spool/stopped"), parts->clock.wall())));
  parts->tls = opened(io::TlsClientContext::make(settings->delivery.authorities_file()));
  return parts;
}

std::unique_ptr<directory::QuotaPage> quota_page_of(const Service& service, std::string_view place) {
  std::string why;
  auto page = directory::QuotaPage::open(service.path(place), why);
  if (!page) cannot_start(why + ". Remedy: check the owner of the run folder");
  return page;
}

bool flush_accounts(mailboxes::Mailboxes& mailboxes, const std::vector<std::string>& accounts) {
  for (const auto& account : accounts) {
    const auto flushed = mailboxes.flush(AccountId{std::stoull(account)}, SystemClock{}.now() + 10s);
    if (!flushed) return false;
  }
  return true;
}

// "?example.jp", "?@example.jp": mail for the domain is wanted (ETRN). What anybody may have written there is no more than a name.
void take_wish(std::string_view ring, delivery::Delivery& delivery) {
  if (!ring.starts_with('?')) return;
  ring.remove_prefix(1);
  const bool subdomains = ring.starts_with('@');
  if (subdomains) ring.remove_prefix(1);
  const auto named = smtp::parse_address("postmaster@" + std::string(ring));
  if (named) delivery.flush(named->domain, subdomains ? delivery::Subdomains::Yes : delivery::Subdomains::No);
}

// Waits for a datagram on the bell's socket and takes all that came: many rings are one.
Task<io::Wake> heard(io::Loop& loop, int bell, Deadline deadline, delivery::Delivery& delivery) {
  const auto outcome = co_await loop.readable(bell, deadline);
  char ring[320];
  for (ssize_t octets = 0; (octets = ::recv(bell, ring, sizeof ring, MSG_DONTWAIT)) >= 0;)
    take_wish({ring, static_cast<std::size_t>(octets)}, delivery);
  co_return outcome;
}

Task<io::Wake> no_bell(io::Loop& loop, Deadline deadline) {
  const auto outcome = co_await loop.sleep_until(std::min(deadline, loop.after(100ms)));
  co_return outcome;
}

io::ResolverOptions resolver_options(const settings::Settings& settings) {
  auto options = delivery::resolver_options(settings);
  if (!options) cannot_start(options.error());
  return *std::move(options);
}

// Whether the secrets of logins or the hosts files have changed.
void follow_files(directory::LoginSecrets& logins, io::HostsFiles& hosts, telemetry::Log& log) {
  (void)hosts.refresh();
  const auto refreshed = logins.refresh(SystemClock{}.now() + 10s);
  if (!refreshed) log.write(telemetry::events::storage_trouble, {.reason = refreshed.error().what});
}

Task<io::Message> tell_of_recipient(delivery::Delivery& delivery, io::Message message) {
  auto question = delivery::decode_recipient_question(message.octets);
  if (!question) co_return io::Message{encode(delivery::RecipientFinding{delivery::RecipientWord::Away, false, "deliver did not understand the question"}), {}};
  auto asking = delivery.ask(*std::move(question));
  const auto found = co_await std::move(asking);
  co_return io::Message{encode(found), {}};
}

std::string words_of(const directory::DirectoryResult<directory::Hold>& changed) { return changed ? std::string{} : changed.error().what; }

// Policies are asked for as next hops are: by our resolver, after the hosts files.
delivery::StsPolicies::Parts sts_parts(Service& service, io::Loop& loop, io::Workers& workers, Parts& parts, io::Resolver& resolver,
                                       const std::unique_ptr<delivery::ExchangeLookup>& lookup) {
  const http::FindAddresses find = [&lookup](std::string host, Deadline deadline) { return lookup->host_addresses(std::move(host), deadline); };
  return {.loop = loop, .workers = workers, .disk = parts.disk, .folder = service.path(folder::sts_policies), .log = service.log(), .clock = parts.clock,
          .txt = [&resolver](std::string name, Deadline deadline) { return resolver.txt(std::move(name), deadline); },
          .fetch = [&loop, &parts, find](http::ClientRequest request, Deadline deadline) {
            return http::send_request(loop, parts.tls, find, std::move(request), deadline);
          },
          .enabled = [&service] { return service.settings()->delivery.mta_sts(); }};
}

Address report_contact(const settings::Settings& settings, const std::string& hostname) {
  const auto named = smtp::parse_address(settings.delivery.tls_report_contact());
  return named ? *named : Address{"postmaster", hostname};
}

delivery::TlsReporter::Parts report_parts(Service& service, io::Loop& loop, io::Workers& workers, Parts& parts, io::Resolver& resolver,
                                          const std::unique_ptr<delivery::ExchangeLookup>& lookup) {
  const http::FindAddresses find = [&lookup](std::string host, Deadline deadline) { return lookup->host_addresses(std::move(host), deadline); };
  return {.loop = loop, .workers = workers, .disk = parts.disk, .file = service.path(folder::tls_counts), .log = service.log(), .clock = parts.clock,
          .hostname = service.hostname(), .node = static_cast<std::uint16_t>(service.settings()->node.id()),
          .settings = [&service] {
            using Send = delivery::TlsReporter::Send;
            const auto settings = service.settings();
            return delivery::TlsReporter::Settings{settings->delivery.tls_reports() ? Send::Reports : Send::Nothing, report_contact(*settings, service.hostname())};
          },
          .txt = [&resolver](std::string name, Deadline deadline) { return resolver.txt(std::move(name), deadline); },
          .post = [&loop, &parts, find](http::ClientRequest request, Deadline deadline) {
            return http::send_request(loop, parts.tls, find, std::move(request), deadline);
          },
          .generate = [&parts](const spool::GeneratedMail& mail) { return parts.spool->generate({&mail, 1}); }};
}

dmarc_reports::DmarcReporter::Parts dmarc_parts(Service& service, io::Loop& loop, io::Workers& workers, Parts& parts, io::Resolver& resolver) {
  return {.loop = loop, .workers = workers, .disk = parts.disk, .seen_folder = service.path(folder::dmarc_seen), .sent_file = service.path(folder::dmarc_sent), .log = service.log(), .clock = parts.clock,
          .hostname = service.hostname(), .node = static_cast<std::uint16_t>(service.settings()->node.id()),
          .settings = [&service] {
            using Send = dmarc_reports::DmarcReporter::Send;
            const auto settings = service.settings();
            const auto named = smtp::parse_address(settings->policy.dmarc_report_contact());
            return dmarc_reports::DmarcReporter::Settings{settings->policy.dmarc_reports() ? Send::Reports : Send::Nothing, named ? *named : Address{"postmaster", service.hostname()}};
          },
          .txt = [&resolver](std::string name, Deadline deadline) { return resolver.txt(std::move(name), deadline); },
          .generate = [&parts](const spool::GeneratedMail& mail) { return parts.spool->generate({&mail, 1}); }};
}

subscriptions::Get get_of(io::Loop& loop, Parts& parts, const std::unique_ptr<delivery::ExchangeLookup>& lookup) {
  const http::FindAddresses find = [&lookup](std::string host, Deadline deadline) { return lookup->host_addresses(std::move(host), deadline); };
  return [&loop, &parts, find](http::ClientRequest request, Deadline deadline) { return http::send_request(loop, parts.tls, find, std::move(request), deadline); };
}

Task<void> stop_when_told(Service& service, io::Loop& loop, delivery::Delivery& delivery) {
  auto told = told_to_stop(service, loop);
  co_await std::move(told);
  const auto limit = service.settings()->serve.stop_limit();
  auto stopping = delivery.stop(loop.after(limit * 3 / 4));
  co_await std::move(stopping);
}

// Schedules are differences of wall times. A life of delivery goes by the clock it began with; when the machine's clock was
// set it ends in good order, and the next one reckons with the difference (services/delivery/schedule/another_clock.h).
enum class Ended : std::uint8_t { Told, ClockSet };
Task<void> follow_clock(Service& service, io::Loop& loop, Parts& parts, delivery::Delivery& delivery, Ended& ended) {
  while (parts.clock.stepped() == Duration{}) {
    const auto outcome = co_await loop.sleep_until(loop.after(1s));
    if (outcome == io::Wake::Cancelled) co_return;
  }
  if (service.stopping()) co_return;
  const auto by = std::chrono::duration_cast<std::chrono::seconds>(parts.clock.stepped()).count();
  const std::string how = std::to_string(by < 0 ? -by : by) + (by < 0 ? " s back" : " s forward");
  service.log().write(telemetry::events::clock_set, {.reason = how});
  ended = Ended::ClockSet;
  auto stopping = delivery.stop(loop.after(service.settings()->serve.stop_limit() * 3 / 4));
  co_await std::move(stopping);
}

Ended run_life(Service& service) {
  auto parts = open_parts(service);
  auto* const mailboxes = parts->mailboxes.get();
  parts->spool->set_flush_accounts([mailboxes](const auto& accounts) { return flush_accounts(*mailboxes, accounts); });
  io::Workers workers(worker_threads, worker_queue);
  spool::SpoolFlusher flusher(*parts->spool, [&](const spool::SpoolError& error) {
    service.log().write(telemetry::events::storage_trouble, {.reason = error.what});
  });
  io::Loop loop(loop_options(service));
  const auto settings = service.settings();
  HistoryTask history(service, loop, workers, parts->disk, *parts->spool, *parts->directory);
  QuarantineTask quarantine(service, loop, workers, parts->disk, *parts->spool);
  EscrowTask escrow(service, loop, workers, parts->disk);
  io::Resolver resolver(loop, resolver_options(*settings));
  const delivery::RoutingSettings routing{.dns_servers = delivery::dns_servers(settings->delivery.resolvers()), .srs = parts->srs->current()};
  io::HostsFiles hosts({service.path(folder::own_hosts), service.path(folder::system_hosts)});
  // Before the first mail: a name that only the hosts file knows must not be taken for one that nobody has.
  (void)hosts.refresh();
  (void)parts->logins->refresh(parts->clock.now() + 10s);
  std::unique_ptr<delivery::ExchangeLookup> lookup;
  delivery::StsPolicies policies(sts_parts(service, loop, workers, *parts, resolver, lookup));
  policies.load();
  delivery::TlsReporter reporter(report_parts(service, loop, workers, *parts, resolver, lookup));
  reporter.load();
  dmarc_reports::DmarcReporter dmarc_reporter(dmarc_parts(service, loop, workers, *parts, resolver));
  const delivery::ObserveTls observe = [&reporter](const delivery::TlsObservation& seen) { reporter.count(seen); };
  lookup = std::make_unique<delivery::ExchangeLookup>(
      loop, resolver, delivery::ExchangeLookup::Options{.our_name = service.hostname(), .hosts = &hosts,
                                                        .dane = settings->delivery.trust_anchors().empty() ? delivery::Dane::No : delivery::Dane::Yes,
                                                        .sts = &policies, .observe = observe, .ours = delivery::own_listeners(*settings)});
  const auto quota_page = quota_page_of(service, folder::quota_used), held_page = quota_page_of(service, folder::held_used);
  delivery::HeldFigures held({.loop = loop, .workers = workers, .spool = *parts->spool, .directory = *parts->directory, .page = *held_page});
  delivery::QuotaFigures quotas({.loop = loop, .workers = workers, .mailboxes = *parts->mailboxes, .directory = *parts->directory,
                                 .page = *quota_page, .largest_message = [&] { return service.settings()->smtp.message_size().octets; }});
  directory::Editor editor(*parts->directory_engine, *parts->directory_engine, nullptr);  // of what has no secrets: none is in reach
  RefusalsTask refusals(service, loop, workers, parts->disk, *parts->spool, editor);
  SubscriptionsTask followed(service, loop, workers, parts->disk, editor, get_of(loop, *parts, lookup));
  signing::SignerClient signer_client(loop, service.path("run/signer.sock"));
  signing::OutgoingSigner signer(loop, signer_client, service.log(), parts->clock);
  SuspensionMails suspension_mails(service, loop, workers, parts->disk, *parts->spool, *parts->directory);
  RefusedMail refused_mail(service, loop, *parts->directory);
  delivery::Delivery delivery({.loop = loop, .workers = workers, .spool = *parts->spool, .flusher = flusher,
                               .mailboxes = *parts->mailboxes, .directory = *parts->directory, .lookup = *lookup,
                               .ledger = *parts->ledger, .log = service.log(), .clock = parts->clock,
                               .hostname = service.hostname(), .disk = &parts->disk,
                               .learned_path = service.path("spool/learned"), .logins = parts->logins.get(),
                               .keep_proposals = [&](const std::vector<delivery::HoldProposal>& proposals) {
                                 return io::replace_file(parts->disk, service.path("spool/proposed-holds"), delivery::encode(proposals)).has_value();
                               },
                               .add_hold = [&](const directory::Hold& hold) { return words_of(editor.add_hold(hold, parts->clock.wall())); },
                               .release_hold = [&](std::uint64_t id) { return words_of(editor.release_hold(id, parts->clock.wall())); },
                               .signer = &signer, .quotas = &quotas,
                               .refused_elsewhere = [&refused_mail](const std::string& account) { refused_mail.count(account); }},
                              [&] { return delivery_settings(*service.settings(), service.hostname(), parts->tls, routing, observe); });

  signing::TakeOver take_over({.loop = loop, .workers = workers, .editor = editor, .directory = *parts->directory, .log = service.log(), .clock = parts->clock,
                               .txt = [&resolver](std::string name, Deadline deadline) { return resolver.txt(std::move(name), deadline); },
                               .times = [&service] {
                                 const auto now = service.settings();
                                 return signing::TakeOverTimes{now->signing.check_interval(), now->signing.settle_time()};
                               }});
  delivery::AccountUpkeep upkeep({.loop = loop, .workers = workers, .spool = *parts->spool, .mailboxes = *parts->mailboxes,
                                  .directory = *parts->directory, .log = service.log(),
                                  .node = static_cast<std::uint16_t>(settings->node.id())});
  QueueServer queue(loop, workers, *parts->spool, *parts->directory, delivery, [&] {
    return delivery::ReportOrigin{service.hostname(), 0, parts->clock.wall(), delivery::report_language(service.settings()->delivery)};
  }, service.log(), has_seccomp(service.protection()));
  std::vector<std::unique_ptr<io::ChannelServer>> controls;
  for (const auto& listener : service.listeners("deliver-control")) {
    controls.push_back(std::make_unique<io::ChannelServer>(
        loop, io::Descriptor(::dup(listener.descriptor)),
        [&queue](io::Message request, io::PeerProcess peer) { return queue.answer(std::move(request), peer); }));
    loop.spawn(controls.back()->serve());
  }
  // Apart from the queue's commands: who meets strangers may ask here, and no more.
  for (const auto& listener : service.listeners("deliver-asks")) {
    controls.push_back(std::make_unique<io::ChannelServer>(loop, io::Descriptor(::dup(listener.descriptor)),
                                                           [&delivery](io::Message question, io::PeerProcess) { return tell_of_recipient(delivery, std::move(question)); }));
    loop.spawn(controls.back()->serve());
  }
  for (const auto& listener : service.listeners("deliver-refusals")) {
    controls.push_back(std::make_unique<io::ChannelServer>(
        loop, io::Descriptor(::dup(listener.descriptor)),
        [&refusals](io::Message request, io::PeerProcess peer) { return refusals.answer(std::move(request), peer); }));
    loop.spawn(controls.back()->serve());
  }
  const auto bells = service.listeners("deliver-bell");
  const int bell = bells.empty() ? -1 : bells.front().descriptor;
  delivery.start([&loop, bell, &delivery](Deadline deadline) { return bell < 0 ? no_bell(loop, deadline) : heard(loop, bell, deadline, delivery); });
  loop.spawn(upkeep.run());
  loop.spawn(quotas.run());
  loop.spawn(held.run());
  loop.spawn(history.run());
  loop.spawn(quarantine.run());
  loop.spawn(escrow.run());
  loop.spawn(refusals.run());
  loop.spawn(refused_mail.run());
  loop.spawn(suspension_mails.run());
  loop.spawn(followed.run());
  loop.spawn(policies.run());
  loop.spawn(reporter.run());
  loop.spawn(dmarc_reporter.run());
  loop.spawn(take_over.run());
  loop.spawn(io::repeat_on_workers(loop, workers, 1s, [&] { follow_files(*parts->logins, hosts, service.log()); }));
  Ended ended = Ended::Told;
  loop.spawn(stop_when_told(service, loop, delivery));
  loop.spawn(follow_clock(service, loop, *parts, delivery, ended));
  service.ready();
  loop.run();
  quotas.stop();
  held.stop();
  history.finish();
  const auto alive = delivery.ended();
  if (!alive) service.log().write(telemetry::events::storage_trouble, {.reason = alive.error().what});
  return service.stopping() ? Ended::Told : ended;
}

}  // namespace

int run_deliver(Service& service) {
  while (run_life(service) == Ended::ClockSet) {
  }
  return 0;
}

}  // namespace hikyaku::apps
