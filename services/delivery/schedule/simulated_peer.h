// A next hop for simulations of the scheduler: it answers, is silent, refuses, greylists, throttles, holds connections for
// minutes, or cuts the line after it took a message. Its behaviour changes at planned times; everything follows a seed.
#pragma once

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "services/delivery/attempt.h"

namespace hikyaku::delivery::simulation {

struct Behaviour {
  enum class Kind : std::uint8_t { Healthy, Dead, Refusing, Greylisting, Throttling, Moody, Tarpit, Flaky, Cutting } kind = Kind::Healthy;
  Duration latency = 200ms;
  FailureClass silence = FailureClass::Timeout;         // Dead: how
  Duration greylist_wait = std::chrono::minutes{5};
  enum class Key : std::uint8_t { Address, Network, Exchanger } key = Key::Address;  // what a greylist remembers
  bool hints = false;                                   // it says how long to wait
  std::uint32_t bears = 3;                              // Throttling: connections
  bool resets = false;                                  // Throttling: the line is reset instead of a 421
  std::uint32_t moods = 3;                              // Moody: one connection of so many is told 421, however many there are
};

class Peer {
 public:
  Peer(std::string name, std::uint64_t seed) : name_(std::move(name)), random_(seed) { plan_[WallTime::min()] = {}; }

  void behave(WallTime from, Behaviour behaviour) { plan_[from] = behaviour; }
  [[nodiscard]] const Behaviour& at(WallTime now) const { return std::prev(plan_.upper_bound(now))->second; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string key() const { return "mx:mx1." + name_ + ",mx2." + name_; }

  struct Connected {
    bool ready = false;
    Duration took{};
    Attempt failed;
    std::string host;
  };
  Connected connect(WallTime now, const std::string& preferred) {
    const auto& how = at(now);
    Connected out{true, how.latency, {}, preferred.empty() ? "mx" + std::to_string(1 + random_() % 2) + "." + name_ : preferred};
    ++connects;
    if (how.kind == Behaviour::Kind::Dead) {
      out.ready = false;
      out.took = how.silence == FailureClass::Timeout ? Duration(30s) : Duration(10ms);
      out.failed = failed(how.silence, "4.4.1", "nothing answers", out.host);
    } else if (how.kind == Behaviour::Kind::Throttling && how.resets && open_ >= how.bears) {
      out.ready = false;
      ++over;
      out.failed = failed(FailureClass::ConnectionRefused, "4.4.1", "the connection was refused", out.host);
    } else if ((how.kind == Behaviour::Kind::Throttling && open_ >= how.bears) || (how.kind == Behaviour::Kind::Moody && random_() % how.moods == 0)) {
      out.ready = false;
      ++over;
      out.failed = failed(FailureClass::Transient, "4.7.0", "421 4.7.0 too many connections", out.host);
      out.failed.pace = Pace::TooFast;
    } else {
      ++open_;
      most_open = std::max(most_open, open_);
    }
    return out;
  }
  void hang_up() { --open_; }

  struct Answered {
    Duration took{};
    std::vector<Attempt> attempts;
    bool cut = false;
  };
  // One transaction that begins now.
  Answered deliver(WallTime now, const Message& message, const std::vector<std::uint32_t>& recipients, const std::string& host) {
    const auto& how = at(now);
    Answered out;
    out.took = how.kind == Behaviour::Kind::Tarpit ? Duration(std::chrono::minutes{3}) : how.latency;
    const bool cuts = how.kind == Behaviour::Kind::Cutting && random_() % 4 == 0;
    for (const auto index : recipients) {
      const std::string to = message.recipient(index).address.text();
      Attempt attempt;
      attempt.recipient = index;
      attempt.remote_mta = host;
      if (how.kind == Behaviour::Kind::Dead) {  // it died while we were connected
        attempt = failed(FailureClass::LineCut, "4.4.2", "the line was cut", host);
      } else if (how.kind == Behaviour::Kind::Refusing && random_() % 3 == 0) {
        attempt = failed(FailureClass::Refused, "5.1.1", "550 5.1.1 no such user", host);
      } else if (how.kind == Behaviour::Kind::Flaky && random_() % 3 == 0) {
        attempt = failed(FailureClass::Transient, "4.2.1", "450 4.2.1 mailbox busy", host);
      } else if (how.kind == Behaviour::Kind::Greylisting && !greylist_lets_in(how, now, message.envelope.reverse_path.text(), to, host, attempt)) {
      } else {
        ++taken[{message.ref.id, index}];
        taken_at[{message.ref.id, index}] = now;
        attempt.result = AttemptResult::Relayed;
        if (cuts) {  // after the final dot: it has the mail, and we cannot know
          attempt = failed(FailureClass::LineCut, "4.4.2", "the line was cut", host);
          unclear.insert({message.ref.id, index});
        }
      }
      attempt.recipient = index;
      out.attempts.push_back(std::move(attempt));
    }
    out.cut = cuts || how.kind == Behaviour::Kind::Dead;
    return out;
  }

  using Id = std::pair<TraceId, std::uint32_t>;
  std::map<Id, int> taken;           // how often
  std::map<Id, WallTime> taken_at;
  std::set<Id> unclear;              // taken, and the line cut before our side knew
  std::size_t connects = 0, too_early = 0, over = 0;  // over: told that they are too many
  std::uint32_t most_open = 0;
  [[nodiscard]] std::uint32_t open() const { return open_; }

 private:
  static Attempt failed(FailureClass failure, std::string status, std::string words, std::string host) {
    Attempt attempt;
    attempt.failure = failure;
    attempt.status = std::move(status);
    (is_silence(failure) ? attempt.explanation : attempt.diagnostic) = std::move(words);
    attempt.remote_mta = std::move(host);
    return attempt;
  }
  bool greylist_lets_in(const Behaviour& how, WallTime now, const std::string& from, const std::string& to, const std::string& host, Attempt& attempt) {
    const std::string what = how.key == Behaviour::Key::Network ? "all" : from + " " + to + (how.key == Behaviour::Key::Exchanger ? " " + host : "");
    const auto [seen, is_new] = greylist_.try_emplace(what, now);
    const Duration waited = now - seen->second;
    if (waited >= how.greylist_wait) return true;
    if (!is_new) ++too_early;
    attempt = failed(FailureClass::Greylisted, "4.7.1", "451 4.7.1 greylisted", host);
    if (how.hints) attempt.wait_hint = how.greylist_wait - waited;
    return false;
  }

  std::string name_;
  std::mt19937_64 random_;
  std::map<WallTime, Behaviour> plan_;
  std::map<std::string, WallTime> greylist_;
  std::uint32_t open_ = 0;
};

}  // namespace hikyaku::delivery::simulation
