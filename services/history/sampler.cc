#include "services/history/sampler.h"

#include <array>
#include <map>

#include "services/history/top_tally.h"

namespace hikyaku::history {
namespace {

using spool::SurveyedMessage;
using spool::SurveyedRecipient;

constexpr std::size_t buckets_chosen = 256;
constexpr std::size_t most_names_kept = 4'096;
constexpr std::size_t states = 3;  // Incoming, Holding, Domains
constexpr std::array named_dimensions = {Dimension::Destination, Dimension::Sender, Dimension::Account};

std::uint64_t age_seconds(const std::optional<WallTime>& since, WallTime now) {
  if (!since || *since >= now) return 0;
  return static_cast<std::uint64_t>(std::chrono::duration_cast<Seconds>(now - *since).count());
}

// A message's destinations and classes, each once: most messages have one recipient here.
bool seen_before(std::span<const SurveyedRecipient> recipients, std::size_t at, auto member) {
  constexpr std::size_t most_compared = 100;  // beyond: a mailing, a little over-counted
  for (std::size_t i = at > most_compared ? at - most_compared : 0; i < at; ++i)
    if (recipients[i].*member == recipients[at].*member) return true;
  return false;
}

}  // namespace

struct Sampler::Tallies {
  std::array<Figures, states> totals;
  std::array<std::array<TopTally, named_dimensions.size()>, states> named;  // by place and place in named_dimensions
  std::array<std::map<std::uint8_t, Figures>, states> classes;

  enum class Pass : std::uint8_t { Weigh, Count };
  void visit(const SurveyedMessage& message, Pass pass, WallTime now);
  void tally(Place place, std::size_t dimension, std::uint64_t key, const Figures& figures, Pass pass, const SurveyedMessage& message, std::string_view name = {}) {
    auto& one = named[static_cast<std::size_t>(place)][dimension];
    if (pass == Pass::Weigh) return one.weigh(key);
    auto& counted = one.count(key, figures);
    if (counted.example.id == TraceId{}) counted.example = message.ref;
    if (counted.name.empty() && !name.empty()) counted.name = name;
  }
};

void Sampler::Tallies::visit(const SurveyedMessage& message, Pass pass, WallTime now) {
  const bool incoming = message.place == SurveyedMessage::Place::Incoming;
  const auto place = incoming ? Place::Incoming : Place::Holding;
  const Figures whole{1, message.octets, age_seconds(message.accepted_at, now)};
  if (pass == Pass::Count) add(totals[static_cast<std::size_t>(place)], whole);
  tally(place, 1, message.sender, whole, pass, message);
  tally(place, 2, message.account, whole, pass, message);
  if (incoming) tally(place, 0, message.domain, whole, pass, message);
  for (std::size_t i = 0; i < message.deferred.size(); ++i) {
    const auto& one = message.deferred[i];
    const Figures figures{1, message.octets, age_seconds(one.first_failed == WallTime{} ? message.accepted_at : std::optional(one.first_failed), now)};
    if (pass == Pass::Count) {
      add(totals[static_cast<std::size_t>(Place::Domains)], figures);
      add(classes[static_cast<std::size_t>(Place::Domains)][one.failure_class], figures);
      if (!incoming && !seen_before(message.deferred, i, &SurveyedRecipient::failure_class))
        add(classes[static_cast<std::size_t>(Place::Holding)][one.failure_class], whole);
    }
    tally(Place::Domains, 0, one.destination_number, figures, pass, message, one.destination);
    tally(Place::Domains, 1, message.sender, figures, pass, message);
    tally(Place::Domains, 2, message.account, figures, pass, message);
    if (!incoming && !seen_before(message.deferred, i, &SurveyedRecipient::destination_number))
      tally(place, 0, one.destination_number, whole, pass, message, one.destination);
  }
}

std::vector<Point> Sampler::take(spool::Spool& spool, WallTime now) {
  Tallies tallies;
  using Pass = Tallies::Pass;
  if (!spool.survey([&](const SurveyedMessage& message) { tallies.visit(message, Pass::Weigh, now); })) return {};
  for (auto& place : tallies.named)
    for (auto& tally : place) tally.choose(buckets_chosen);
  if (!spool.survey([&](const SurveyedMessage& message) { tallies.visit(message, Pass::Count, now); })) return {};
  const auto at = std::chrono::floor<Seconds>(now);
  std::vector<Point> points;
  for (std::size_t place = 0; place < states; ++place)
    points.push_back({at, {static_cast<Place>(place), Dimension::Total, {}}, tallies.totals[place]});
  // What `receive` has accepted and nobody read yet: its octets are known, its messages are not.
  points.front().figures.octets += spool.counts().incoming_unread_octets;
  add_class_points(points, tallies, at);
  add_named_points(points, spool, tallies, at);
  return points;
}

void Sampler::add_class_points(std::vector<Point>& points, const Tallies& tallies, Time at) const {
  for (std::size_t place = 0; place < states; ++place)
    for (const auto& [number, figures] : tallies.classes[place])
      points.push_back({at, {static_cast<Place>(place), Dimension::Class, class_name_(number)}, figures});
}

void Sampler::add_named_points(std::vector<Point>& points, spool::Spool& spool, const Tallies& tallies, Time at) {
  for (std::size_t place = 0; place < states; ++place)
    for (std::size_t dimension = 0; dimension < named_dimensions.size(); ++dimension) {
      const auto by = named_dimensions[dimension];
      auto top = tallies.named[place][dimension].top(most_named);
      for (auto& [key, counted] : top.named) {
        auto name = counted.name.empty() ? name_of(spool, by, key, counted.example) : std::move(counted.name);
        if (name.empty()) add(top.others, counted.figures);
        else points.push_back({at, {static_cast<Place>(place), by, std::move(name)}, counted.figures});
      }
      if (top.others.count > 0) points.push_back({at, {static_cast<Place>(place), by, {}}, top.others});
    }
}

std::string Sampler::name_of(spool::Spool& spool, Dimension by, std::uint64_t key, const spool::MessageRef& example) {
  if (key == 0) return {};
  const auto place = key << 8 | static_cast<std::uint64_t>(by);
  if (const auto known = names_.find(place); known != names_.end()) return known->second;
  const auto envelope = spool.envelope(example);
  if (!envelope) return {};
  std::string name;
  if (by == Dimension::Sender) name = envelope->reverse_path.is_null() ? "<>" : envelope->reverse_path.text();
  if (by == Dimension::Account) name = envelope->account;
  if (by == Dimension::Destination)
    for (const auto& recipient : envelope->recipients)
      if (spool::key_of(recipient.address.domain) == key) name = recipient.address.domain;
  if (spool::key_of(name) != key) return {};  // of another message: the example was settled meanwhile
  if (names_.size() >= most_names_kept) names_.clear();
  return names_.emplace(place, name).first->second;
}

}  // namespace hikyaku::history
