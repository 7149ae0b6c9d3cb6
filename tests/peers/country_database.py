"""Databases in MaxMind's format, by MaxMind's own writer (Debian's libmaxmind-db-writer-perl)."""
import json
import os
import pathlib
import subprocess

WRITER = r"""
use strict; use warnings; use JSON::PP; use MaxMind::DB::Writer::Tree;
my $wanted = decode_json(join '', <STDIN>);
my %types = (country => 'map', iso_code => 'utf8_string', names => 'map', en => 'utf8_string', autonomous_system_number => 'uint32');
my $tree = MaxMind::DB::Writer::Tree->new(ip_version => 6, record_size => 24, database_type => $wanted->{type}, languages => ['en'],
  description => {en => 'made for a test'}, map_key_type_callback => sub { $types{$_[0]} }, remove_reserved_networks => 0);
$tree->insert_network($_, $wanted->{networks}{$_}) for sort keys %{$wanted->{networks}};
open my $out, '>:raw', $ARGV[0] or die "$ARGV[0]: $!";
$tree->write_tree($out);
close $out or die "$ARGV[0]: $!";
"""


def is_there():
    return subprocess.run(["perl", "-MMaxMind::DB::Writer::Tree", "-e1"], capture_output=True).returncode == 0


def write_countries(path, countries):
    """`countries`: {network: code}. The file is replaced as packages replace theirs."""
    _write(path, "Test-Country", {network: {"country": {"iso_code": code, "names": {"en": f"Country {code}"}}} for network, code in countries.items()})


def write_numbers(path, numbers):
    """A database of something else: {network: number of its autonomous system}."""
    _write(path, "Test-ASN", {network: {"autonomous_system_number": number} for network, number in numbers.items()})


def _write(path, kind, networks):
    fresh = pathlib.Path(f"{path}.fresh")
    run = subprocess.run(["perl", "-e", WRITER, str(fresh)], input=json.dumps({"type": kind, "networks": networks}), text=True, capture_output=True)
    if run.returncode != 0:
        raise RuntimeError(f"the database cannot be written: {run.stderr}")
    os.chmod(fresh, 0o644)
    os.replace(fresh, path)
