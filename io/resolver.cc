#include "io/resolver.h"

#include <unbound.h>
#include <unistd.h>

#include <algorithm>
#include <list>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/cursor.h"
#include "io/event.h"

namespace hikyaku::io {

namespace {

constexpr int type_a = 1, type_cname = 5, type_ptr = 12, type_mx = 15, type_txt = 16, type_aaaa = 28, type_tlsa = 52, class_in = 1;
constexpr std::size_t record_limit = 1000;  // of one answer

void must(int result, const std::string& what) {
  if (result != 0) throw std::runtime_error("resolver: " + what + ": " + ub_strerror(result));
}

void set_up(ub_ctx* context, const ResolverOptions& options) {
  const auto set = [&](const char* name, const std::string& value) {
    must(ub_ctx_set_option(context, name, value.c_str()), name + value);
  };
  set("module-config:", options.trust_anchors.empty() ? "iterator" : "validator iterator");
  set("do-not-query-localhost:", "no");  // a forwarder on this machine is usual
  set("unblock-lan-zones:", "yes");      // the names of private addresses are the local network's to tell
  set("insecure-lan-zones:", "yes");
  set("msg-cache-size:", "4m");
  set("rrset-cache-size:", "8m");
  set("outgoing-range:", "512");
  set("use-syslog:", "no");
  // libunbound would look at the file only with the first question.
  if (!options.trust_anchors.empty() && ::access(options.trust_anchors.c_str(), R_OK) != 0)
    must(UB_READFILE, options.trust_anchors);
  if (!options.trust_anchors.empty())
    must(ub_ctx_add_ta_file(context, options.trust_anchors.c_str()), options.trust_anchors);
  if (!options.hosts_file.empty() && ::access(options.hosts_file.c_str(), R_OK) == 0) {
    must(ub_ctx_hosts(context, options.hosts_file.c_str()), options.hosts_file);
  }
  for (const auto& server : options.forwarders) {
    if (!server.is_ip()) must(UB_SYNTAX, "forwarder " + server.to_string());
    const auto text = server.ip().to_string() + "@" + std::to_string(server.port());
    must(ub_ctx_set_fwd(context, text.c_str()), "forwarder " + text);
  }
  if (options.forwarders.empty() && ::access("/etc/resolv.conf", R_OK) == 0) {
    must(ub_ctx_resolvconf(context, nullptr), "/etc/resolv.conf");
  }
  must(ub_ctx_async(context, 1), "threads");
  // Last, since it ends the configuration. Transparent: what the built-in zone does not know is asked for.
  for (const auto& name : options.ask_reserved) must(ub_ctx_zone_add(context, name.c_str(), "transparent"), name);
}

}  // namespace

struct Resolver::RawAnswer {
  DnsOutcome outcome = DnsOutcome::TemporaryFailure;
  std::vector<std::string> records;
  std::chrono::seconds ttl{};
  bool secure = false;
  std::string canonical;
  std::string why;
};

struct Resolver::State {
  struct Cached {
    std::string key;
    RawAnswer answer;
    Instant expires;
  };
  using Order = std::list<Cached>;  // most lately used first

  State(Loop& on, ResolverOptions wanted) : loop(on), options(std::move(wanted)), context(ub_ctx_create()) {
    if (context == nullptr) throw std::runtime_error("resolver: libunbound gives no context");
    try {
      set_up(context, options);
    } catch (...) {
      ub_ctx_delete(context);
      throw;
    }
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (const int fd = ub_fd(context); fd >= 0) loop.forget(fd);
    ub_ctx_delete(context);
  }

  std::optional<RawAnswer> recall(const std::string& key);
  void keep(const std::string& key, const RawAnswer& answer);

  Loop& loop;
  ResolverOptions options;
  ub_ctx* context;
  std::size_t under_way = 0;
  bool pumping = false;
  Order order;
  std::unordered_map<std::string_view, Order::iterator> places;  // keys are the list's
};

std::optional<Resolver::RawAnswer> Resolver::State::recall(const std::string& key) {
  const auto found = places.find(key);
  if (found == places.end()) return std::nullopt;
  const auto place = found->second;
  const Duration left = place->expires - loop.now();
  if (left <= 0ns) {
    places.erase(found);
    order.erase(place);
    return std::nullopt;
  }
  order.splice(order.begin(), order, place);
  RawAnswer answer = place->answer;
  answer.ttl = std::chrono::floor<std::chrono::seconds>(left);
  return answer;
}

void Resolver::State::keep(const std::string& key, const RawAnswer& answer) {
  if (answer.ttl <= 0s || options.cache_limit == 0) return;
  if (const auto found = places.find(key); found != places.end()) {
    const auto place = found->second;
    places.erase(found);
    order.erase(place);
  }
  order.push_front({key, answer, loop.now() + answer.ttl});
  places.emplace(order.front().key, order.begin());
  if (order.size() <= options.cache_limit) return;
  places.erase(order.back().key);
  order.pop_back();
}

// One question under way; lives in the frame of the coroutine that asks, and is taken back when that ends early.
struct Resolver::Question {
  explicit Question(State& of) : state(of) { ++state.under_way; }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;
  ~Question() {
    if (!done && id != 0) ub_cancel(state.context, id);
    --state.under_way;
  }

  State& state;
  int id = 0;
  bool done = false;
  RawAnswer answer;
  Event changed;
};

Resolver::Resolver(Loop& loop, ResolverOptions options) : state_(std::make_shared<State>(loop, std::move(options))) {}

Resolver::~Resolver() {
  if (const int fd = ub_fd(state_->context); fd >= 0) state_->loop.forget(fd);
}

void Resolver::forget_cache() {
  state_->places.clear();
  state_->order.clear();
}

std::size_t Resolver::cached() const { return state_->order.size(); }

void Resolver::answered(void* question, int error, ub_result* result) {
  auto& asked = *static_cast<Question*>(question);
  asked.done = true;
  asked.changed.notify_all();
  RawAnswer& answer = asked.answer;
  if (error != 0) {
    // A text that is no domain name at all has no records, and never will.
    if (error == UB_SYNTAX) answer.outcome = DnsOutcome::NoSuchName;
    answer.why = ub_strerror(error);
    return;
  }
  const auto& options = asked.state.options;
  const auto ttl = std::chrono::seconds(std::max(0, result->ttl));
  answer.secure = result->secure != 0;
  answer.ttl = std::min(ttl, options.longest_negative_ttl);
  if (result->bogus != 0) {
    answer.outcome = DnsOutcome::Bogus;
    answer.ttl = 0s;
    answer.why = result->why_bogus == nullptr ? "DNSSEC validation failed" : result->why_bogus;
  } else if (result->nxdomain != 0) {
    answer.outcome = DnsOutcome::NoSuchName;
    answer.why = "no such name";
  } else if (result->rcode != 0) {
    answer.ttl = 0s;
    answer.why = "the name servers answered with code " + std::to_string(result->rcode);
  } else if (result->havedata == 0) {
    answer.outcome = DnsOutcome::NoData;
    answer.why = "no records of this type";
  } else {
    answer.outcome = DnsOutcome::Found;
    answer.ttl = std::min(ttl, options.longest_ttl);
    answer.canonical = ascii_lower(result->canonname != nullptr ? result->canonname : result->qname);
    if (answer.canonical.ends_with('.')) answer.canonical.pop_back();
    for (int i = 0; result->data[i] != nullptr && answer.records.size() < record_limit; ++i) {
      answer.records.emplace_back(result->data[i], static_cast<std::size_t>(result->len[i]));
    }
  }
  ub_resolve_free(result);
}

// Runs only while questions are under way, so that an idle resolver keeps nothing alive.
Task<void> Resolver::pump(std::shared_ptr<State> state) {
  const int fd = ub_fd(state->context);
  while (state->under_way > 0) {
    const Wake outcome = co_await state->loop.readable(fd, state->loop.after(1s));
    if (outcome == Wake::Cancelled) break;
    ub_process(state->context);
  }
  state->pumping = false;
}

Task<Resolver::RawAnswer> Resolver::ask(std::shared_ptr<State> state, std::string name, int type, Deadline deadline) {
  if (name.ends_with('.') && name.size() > 1) name.pop_back();
  const std::string key = std::to_string(type) + " " + ascii_lower(name);
  if (auto known = state->recall(key)) co_return std::move(*known);
  Question question(*state);
  const int error =
      ub_resolve_async(state->context, name.c_str(), type, class_in, &question, &Resolver::answered, &question.id);
  if (error != 0) {
    question.answer.why = ub_strerror(error);
    co_return question.answer;
  }
  if (!std::exchange(state->pumping, true)) state->loop.spawn(pump(state));
  Wake outcome = Wake::Ready;
  while (!question.done && outcome == Wake::Ready) outcome = co_await question.changed.wait(state->loop, deadline);
  if (question.done)
    state->keep(key, question.answer);
  else
    question.answer.why = outcome == Wake::TimedOut ? "no answer in time" : "this process is stopping";
  co_return question.answer;
}

template <class Record, class Parse>
Task<DnsAnswer<Record>> Resolver::parsed(std::shared_ptr<State> state, std::string name, int type, Deadline deadline,
                                         Parse parse) {
  auto asking = ask(std::move(state), std::move(name), type, deadline);
  RawAnswer raw = co_await std::move(asking);
  DnsAnswer<Record> answer{
      .outcome = raw.outcome, .records = {}, .ttl = raw.ttl, .secure = raw.secure, .canonical = std::move(raw.canonical), .why = std::move(raw.why)};
  for (const auto& rdata : raw.records) {
    if (auto record = parse(rdata)) answer.records.push_back(std::move(*record));
  }
  if (answer.outcome == DnsOutcome::Found && answer.records.empty()) {
    answer.outcome = DnsOutcome::TemporaryFailure;
    answer.why = "every record of the answer is malformed";
  }
  co_return answer;
}

Task<DnsAnswer<MxRecord>> Resolver::mx(std::string name, Deadline deadline) {
  return parsed<MxRecord>(state_, std::move(name), type_mx, deadline, parse_mx);
}
Task<DnsAnswer<IpAddress>> Resolver::a(std::string name, Deadline deadline) {
  return parsed<IpAddress>(state_, std::move(name), type_a, deadline, parse_dns_address);
}
Task<DnsAnswer<IpAddress>> Resolver::aaaa(std::string name, Deadline deadline) {
  return parsed<IpAddress>(state_, std::move(name), type_aaaa, deadline, parse_dns_address);
}
Task<DnsAnswer<std::string>> Resolver::ptr(IpAddress address, Deadline deadline) {
  return names(address.reverse_name(), deadline);
}
Task<DnsAnswer<std::string>> Resolver::names(std::string reverse_name, Deadline deadline) {
  return parsed<std::string>(state_, std::move(reverse_name), type_ptr, deadline, parse_dns_name);
}
Task<DnsAnswer<TlsaRecord>> Resolver::tlsa(std::string name, Deadline deadline) {
  return parsed<TlsaRecord>(state_, std::move(name), type_tlsa, deadline, parse_tlsa);
}
Task<DnsAnswer<std::string>> Resolver::cname(std::string name, Deadline deadline) {
  return parsed<std::string>(state_, std::move(name), type_cname, deadline, parse_dns_name);
}
Task<DnsAnswer<std::string>> Resolver::txt(std::string name, Deadline deadline) {
  return parsed<std::string>(state_, std::move(name), type_txt, deadline, parse_txt);
}

}  // namespace hikyaku::io
