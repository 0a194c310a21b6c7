"""Every threat to a workspace, to its browser and to the services that this project knows of, and what became of each.

The identifiers are stable. A threat is *blocked* or *measured and alarmed*, with the tests that show it, or *open*, with
the reason. Tests are named as `module::function`, below `tests/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """What became of a threat."""

    BLOCKED = "blocked"
    MEASURED = "measured and alarmed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Threat:
    """One attack; `tests` show the status, `reason` says why it is open or what remains."""

    id: str
    title: str
    status: Status
    tests: tuple[str, ...] = ()
    reason: str = ""


GROUPS = {
    "A": "Out of a workspace: from code in a kernel",
    "B": "Out by the browser, and against it",
    "E": "Against the hub and the services",
}
HIGHEST = {"A": 57, "B": 21, "E": 27}

_KERNEL = "sandbox/test_kernel_sandbox"
_ESCAPE = "sandbox/test_threats_escape"
_WORKSPACE = "sandbox/test_workspace"
_SERVER_SANDBOX = "sandbox/test_server_sandbox"
_WAYS_OUT = "sandbox/test_ways_out"
_ENDS = "sandbox/test_workspace_ends"
_LOOPBACK = "sandbox/test_loopback"
_LIMITS = "sandbox/test_limits"
_RELAY = "sandbox/test_relay"
_ISOLATION = "e2e/test_isolation"
_LOCKDOWN = "e2e/test_lockdown"
_OWN_ORIGIN = "e2e/test_own_origin"
_AT_REST = "e2e/test_outputs_at_rest"
_SURVIVAL = "e2e/test_survival"
_PORTAL = "integration/web"
_SERVER = "unit/server_extension/test_server"


def _at(module: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{module}::test_{name}" for name in names)


def _blocked(ident: str, title: str, *tests: tuple[str, ...], reason: str = "") -> Threat:
    return Threat(ident, title, Status.BLOCKED, tuple(test for some in tests for test in some), reason)


def _measured(ident: str, title: str, *tests: tuple[str, ...], reason: str = "") -> Threat:
    return Threat(ident, title, Status.MEASURED, tuple(test for some in tests for test in some), reason)


def _open(ident: str, title: str, reason: str, *tests: tuple[str, ...]) -> Threat:
    """Tests of an open one show how far it reaches."""
    return Threat(ident, title, Status.OPEN, tuple(test for some in tests for test in some), reason)


ESCAPE = (
    _blocked("A1", "TCP to the host's loopback", _at(_KERNEL, "no_tcp"), _at(_LOOPBACK, "the_hosts_loopback_is_another"), _at(_ISOLATION, "no_tcp_from_a_kernel_not_even_to_the_installations_own_port")),
    _blocked("A2", "TCP to the host's own address", _at(_ESCAPE, "the_hosts_own_address_is_not_reached"), _at(_LOOPBACK, "nothing_else_is_reached")),
    _blocked("A3", "IPv6", _at(_KERNEL, "no_tcp_over_ipv6"), _at(_LOOPBACK, "the_only_device_is_its_own_loopback")),
    _blocked("A4", "UDP to a name server", _at(_KERNEL, "no_udp_and_so_no_question_to_a_name_server"), _at(_LOOPBACK, "nothing_else_is_reached")),
    _blocked("A5", "Resolving a name", _at(_KERNEL, "no_name_is_resolved_by_anybody_outside")),
    _blocked("A6", "Ping, raw and otherwise", _at(_ESCAPE, "no_ping_of_either_kind"), _at(_LOOPBACK, "no_ping")),
    _blocked("A7", "A cloud's metadata service", _at(_ESCAPE, "the_clouds_metadata_service_is_not_reached"), _at(_LOOPBACK, "nothing_else_is_reached")),
    _blocked("A8", "Rare kinds of sockets", _at(_KERNEL, "no_other_kind_of_socket", "netlink_is_refused_in_the_one_way_that_zeromq_survives"), _at(_LOOPBACK, "every_other_kind_of_socket_stays_refused")),
    _blocked("A9", "Abstract sockets of the host", _at(_KERNEL, "no_abstract_socket_of_the_host"), _at(_LOOPBACK, "an_abstract_socket_of_the_host_stays_out_of_reach")),
    _blocked("A10", "Sockets with a path: container engine, bus, display", _at(_ESCAPE, "no_well_known_socket_of_a_host_is_there", "no_socket_that_somebody_leaves_in_tmp_is_there"), _at(_KERNEL, "no_socket_of_the_supervisor")),
    _blocked("A11", "A link in a listening socket's place", _at(_KERNEL, "a_planted_socket_of_a_kernel_leads_nowhere")),
    _blocked("A12", "A descriptor sent out through a socket", _at(_WAYS_OUT, "a_descriptor_sent_along_is_never_received")),
    _blocked("A13", "Files of the host and of other workspaces", _at(_KERNEL, "it_does_not_see", "it_does_not_see_the_hosts"), _at(_ISOLATION, "a_search_of_the_whole_tree_finds_nothing_of_another_project")),
    _blocked("A14", "Writing to the system, the environment or the cut", _at(_KERNEL, "nothing_of_the_system_can_be_written", "the_cut_can_be_read_and_not_changed")),
    _blocked("A15", "Changing modes, times or attributes of the cut", _at(_KERNEL, "the_cut_can_be_read_and_not_changed"), _at(_ESCAPE, "neither_times_nor_attributes_of_the_cut_are_changed")),
    _blocked("A16", "A second name for the cut or for a setuid program", _at(_ESCAPE, "the_cut_gets_no_second_name_in_the_workspace")),
    _blocked("A17", "A link that an outside reader would follow", _at(_LOCKDOWN, "a_link_that_a_kernel_makes_leads_the_server_nowhere"), _at("unit/server_extension/test_folder", "a_link_is_refused_though_an_ordinary_open_follows_it", "a_name_swapped_for_a_link_while_it_is_read_never_gives_the_secret")),
    _blocked("A18", "The root and folder of another process", _at(_ESCAPE, "no_magic_link_leads_to_the_hosts_root")),
    _blocked("A19", "Seeing other processes", _at(_KERNEL, "it_sees_no_process_but_its_own")),
    _blocked("A20", "Tokens in environments", _at(_KERNEL, "no_token_is_anywhere_it_can_look"), _at(_SERVER_SANDBOX, "what_runs_in_the_server_sandbox_has_the_token_in_no_environment"), _at(_ISOLATION, "no_token_that_the_hub_would_take_is_in_any_process_or_file_that_a_kernel_can_read")),
    _blocked("A21", "Tracing, and reading another process's memory by call", _at(_KERNEL, "the_kernels_side_doors_are_shut"), _at(_ESCAPE, "the_rest_of_the_kernels_side_doors_is_shut")),
    _blocked("A22", "Writing the server's memory as a file", _at(_SERVER_SANDBOX, "no_process_of_this_account_reads_the_supervisors_or_the_servers_memory"), _at(_KERNEL, "it_cannot_read_the_memory_of_the_sandboxs_first_process")),
    _blocked("A23", "Taking a descriptor out of another process", _at(_KERNEL, "the_kernels_side_doors_are_shut"), _at(_SERVER_SANDBOX, "no_process_of_this_account_reads_the_supervisors_or_the_servers_memory")),
    _blocked("A24", "Secrets on command lines", _at(_SERVER_SANDBOX, "no_secret_is_on_a_command_line")),
    _blocked("A25", "Inherited descriptors", _at(_KERNEL, "it_inherits_no_descriptor_of_the_supervisor")),
    _blocked("A26", "Reading or emptying a log through standard output", _at(_KERNEL, "its_output_is_a_pipe_and_not_a_file_it_could_read_or_empty"), _at(_ESCAPE, "its_output_can_be_neither_read_back_nor_emptied")),
    _blocked("A27", "Typing into the terminal of whoever started it", _at(_KERNEL, "it_cannot_type_into_a_terminal_even_with_the_high_bits_set")),
    _blocked("A28", "Further namespaces and mounts", _at(_KERNEL, "the_kernels_side_doors_are_shut"), _at(_ESCAPE, "the_rest_of_the_kernels_side_doors_is_shut")),
    _blocked("A29", "io_uring, which passes a filter by", _at(_KERNEL, "the_kernels_side_doors_are_shut"), _at(_ESCAPE, "the_rest_of_the_kernels_side_doors_is_shut")),
    _blocked("A30", "The kernel's own machinery: bpf, keys, modules, clock, handles", _at(_KERNEL, "the_kernels_side_doors_are_shut"), _at(_ESCAPE, "the_rest_of_the_kernels_side_doors_is_shut", "control_outside_such_a_door_is_not_shut_by_a_filter")),
    _blocked("A31", "System calls by another architecture's gate", _at(_ESCAPE, "a_call_in_another_dress_ends_the_process")),
    _blocked("A32", "Switches and memory of the host in /proc", _at(_ESCAPE, "no_switch_of_the_host_is_turned", "no_memory_of_the_host_is_read")),
    _blocked("A33", "Devices", _at(_KERNEL, "the_devices_are_the_harmless_ones")),
    _open("A34", "Paths of the host in the list of mounts", "Linux shows for each mount where it lies in its file system, and no way of binding it changes that; the list is a file of each process and so cannot be masked. It names the person's own project and where the installation lies, no other project, and nothing can be done with it from there.", _at(_ESCAPE, "the_list_of_mounts_names_its_own_folders_and_nothing_of_others", "control_what_it_is_mounted_from_is_in_the_list_of_mounts")),
    _blocked("A35", "Programs that lend privileges", _at(_ESCAPE, "a_program_that_lends_privileges_lends_none"), _at(_KERNEL, "it_has_no_privilege_and_can_gain_none")),
    _blocked("A36", "A sandbox within the sandbox", _at(_ESCAPE, "no_sandbox_within_the_sandbox")),
    _blocked("A37", "A fork bomb", _at(_KERNEL, "a_fork_bomb_ends_at_the_limit"), _at(_LIMITS, "a_fork_bomb_ends_at_the_limit_of_the_whole_workspace")),
    _blocked("A38", "A memory bomb, also divided and in scratch files", _at(_LIMITS, "a_memory_bomb_ends_its_kernel_and_a_sentence_says_why", "processes_that_divide_a_bomb_between_them_are_held_together", "scratch_space_in_memory_is_counted_too")),
    _blocked("A39", "Filling scratch space", _at(_KERNEL, "scratch_space_and_descriptors_end_at_their_limits")),
    _blocked("A40", "Filling the disk with the workspace's files", _at(_LIMITS, "a_full_workspace_lets_no_more_be_written_until_there_is_room_and_loses_nothing", "a_kernel_that_lifts_the_ceiling_and_goes_on_writing_is_ended"), reason="Looked at every two seconds, sooner when the disk fills suddenly: what is written in between is more than the limit."),
    _blocked("A41", "Opening files without end", _at(_ESCAPE, "open_files_end_at_their_limit_and_no_core_is_written")),
    _blocked("A42", "Keeping every processor busy", _at(_LIMITS, "a_busy_cell_gets_no_more_of_the_processors_than_its_share"), reason="Where a number of processors is set and control groups or systemd hold it."),
    _blocked("A43", "Memory written to disk as a core", _at(_ESCAPE, "open_files_end_at_their_limit_and_no_core_is_written"), _at(_KERNEL, "scratch_space_and_descriptors_end_at_their_limits")),
    _blocked("A44", "The hub's interface with a stolen token", _at(_WAYS_OUT, "the_way_out_is_shut_for"), _at(_ISOLATION, "the_hubs_api_does_nothing_for_a_person")),
    _blocked("A45", "The proxy's own interface", _at(_ISOLATION, "no_socket_of_the_installation_from_a_kernel", "the_installation_listens_on_one_port_only", "the_run_folder_is_closed_to_other_accounts")),
    _blocked("A46", "Somebody else's workspace with one's own cookie", _at(_ISOLATION, "somebody_elses_running_workspace_refuses", "no_way_of_writing_an_address_leads_past_whose_it_is")),
    _blocked("A47", "Planted configuration, start-up files and modules", _at(_SURVIVAL, "what_a_kernel_plants_runs_nowhere_and_leads_the_hub_nowhere_when_the_workspace_opens_again")),
    _blocked("A48", "A planted kernel", _at(_WORKSPACE, "only_our_kernel_is_offered_whatever_lies_in_the_workspace"), _at(_SERVER, "a_planted_kernel_does_not_take_the_name_of_ours", "control_a_planted_kernel_takes_any_name_in_a_plain_server")),
    _blocked("A49", "Terminals as a second way", _at(_LOCKDOWN, "no_terminal_is_reached_by_its_web_socket"), _at(_SERVER, "a_terminal_cannot_be_opened", "control_a_plain_server_opens_a_terminal")),
    _blocked("A50", "Extension manager, language server, build", _at(_LOCKDOWN, "a_way_out_is_closed", "control_the_way_is_open_in_a_plain_server")),
    _blocked("A51", "Living on after a stop or a kill", _at(_ENDS, "a_stop_ends_every_process_and_leaves_no_folder", "a_killed_supervisor_takes_everything_along_and_the_next_start_cleans_up"), _at("sandbox/test_killed_at_start", "a_kill_at_any_moment_of_a_start_leaves_no_sandbox")),
    _open("A52", "Signals to another workspace by timing and load", "Whoever shares a machine can see how busy it is. A few bits a second between two researchers who agree on it; separate machines end it."),
    _open("A53", "A fault of the Linux kernel itself", "Namespaces and a filter of system calls make the surface small; a fault behind it is outside of what a sandbox of this kind can hold. Keep the kernel up to date; gVisor or a virtual machine moves the boundary."),
    _blocked("A54", "A sandbox that root starts is root on the disk", _at(_ESCAPE, "a_supervisor_refuses_to_be_root"), _at("unit/workspace/test_broker", "a_place_outside_of_the_installation_is_refused", "whatever_else_is_asked_for_is_refused")),
    _blocked("A55", "Ending the server from a kernel", _at(_ESCAPE, "a_kernel_that_ends_all_it_can_ends_only_itself"), _at(_ENDS, "a_dead_server_ends_the_workspace")),
    _blocked("A56", "A folder swapped while it is mounted", _at(_ESCAPE, "a_cut_or_a_folder_that_is_swapped_while_a_workspace_runs_is_not_shown")),
    _blocked("A57", "Installing packages from inside", _at("sandbox/test_environments", "nothing_is_installed_from_inside", "the_magics_that_would_install_say_how_a_package_is_had")),
)  # fmt: skip

BROWSER = (
    _blocked("B1", "Files by their own address", _at(_LOCKDOWN, "a_way_out_is_closed", "control_the_way_is_open_in_a_plain_server", "a_closed_way_is_not_opened_by_writing_it_otherwise")),
    _blocked("B2", "Conversion to other formats", _at(_LOCKDOWN, "a_way_out_is_closed", "control_the_way_is_open_in_a_plain_server")),
    _blocked("B3", "The contents interface as a download", _at(_LOCKDOWN, "a_way_out_is_closed"), _at(_SERVER, "a_short_text_is_opened_and_a_long_one_is_not", "a_notebook_is_opened_with_its_hash")),
    _measured("B4", "Printing data into the browser", _at(_RELAY, "the_meter_counts_every_byte_to_the_browser_by_kind", "what_is_over_the_days_budget_is_not_sent_and_the_workspace_is_paused_in_words", "control_without_a_budget_the_same_bytes_pass"), reason="What a person may see, a person can keep; how much is counted, budgeted and shown to the data manager."),
    _blocked("B5", "Data through a terminal", _at(_LOCKDOWN, "no_terminal_is_reached_by_its_web_socket")),
    _blocked("B6", "Download, export and print in the interface", _at(_LOCKDOWN, "the_interface_offers_no_way_out", "control_a_plain_interface_offers_all_of_them")),
    _blocked("B7", "Outputs that load something from elsewhere", _at(_LOCKDOWN, "outputs_of_a_notebook_reach_nothing_and_run_nothing", "control_a_plain_servers_outputs_reach_another_port_and_run")),
    _blocked("B8", "JavaScript in outputs", _at(_LOCKDOWN, "outputs_of_a_notebook_reach_nothing_and_run_nothing", "control_a_plain_servers_outputs_reach_another_port_and_run")),
    _blocked("B9", "Forms in outputs that send elsewhere", _at("unit/workspace/test_policy", "the_policy_names_this_workspace_alone_and_allows_neither_download_nor_popup"), _at(_LOCKDOWN, "pages_carry_a_policy_bound_to_the_workspaces_own_path")),
    _blocked("B10", "A workspace opened outside of a wrapper page", _at(_OWN_ORIGIN, "out_of_the_frame_nothing_leads_when", "control_in_a_frame_without_rules_everything_leads_there_when", "control_with_the_policy_alone_a_tab_of_its_own_is_led_away_when", "a_tab_of_its_own_ends_in_the_frame_and_anything_else_is_refused", "nothing_is_kept_as_a_file_from_the_frame", "control_a_frame_without_rules_keeps_a_file", "no_other_page_frames_a_workspace"), _at("sandbox/test_framed", "a_page_outside_of_the_frame_is_not_shown_but_leads_to_it", "only_pages_are_shown_as_documents", "control_without_an_origin_of_its_own_a_tab_shows_the_page"), reason="Where a wildcard domain is configured. Without one a page can still be led elsewhere; what is done about it stands on the page about what stays open. WebRTC is open either way."),
    _blocked("B11", "A button in an output that runs a command of the interface", _at(_AT_REST, "a_button_that_names_a_command_does_nothing_stored_or_just_run", "control_in_a_plain_interface_such_a_button_runs_the_command")),
    _blocked("B12", "Names in Markdown that hide names of the page", _at(_AT_REST, "names_in_markdown_hide_nothing_of_the_page", "control_with_the_sanitizers_switch_on_names_reach_the_page")),
    _blocked("B13", "Links in formulas", _at(_AT_REST, "a_link_in_a_formula_runs_nothing_and_gives_no_page_a_hold_on_this_one", "control_in_a_plain_page_a_script_link_runs"), reason="A link elsewhere that a person follows is B10."),
    _blocked("B14", "A drawing that runs a script when it is opened", _at(_SERVER, "nothing_is_uploaded", "control_a_plain_server_takes_uploads"), _at(_LOCKDOWN, "outputs_of_a_notebook_reach_nothing_and_run_nothing")),
    _blocked("B15", "Settings of the interface that bring a script", _at(_KERNEL, "nothing_of_the_system_can_be_written"), _at("unit/server_extension/test_bundle", "the_bundle_runs_without_inline_scripts_and_calls_no_other_host")),
    _blocked("B16", "Cookies set for another workspace or the hub", _at(_OWN_ORIGIN, "each_cookie_is_its_own_hosts_alone_and_none_is_set_for_the_hub", "neither_hub_nor_portal_is_on_a_workspaces_host_and_no_workspace_on_theirs"), _at("sandbox/test_framed", "a_cookie_for_other_hosts_is_not_passed_on"), _at(f"{_PORTAL}/test_framed", "the_session_is_kept_under_a_name_that_no_other_host_can_set"), reason="Where a wildcard domain is configured. Without one they share a host: no script of an output runs, and the portal's cookies are sealed and bound to its path."),
    _blocked("B17", "A token in an address", _at(_RELAY, "a_token_is_refused_with_a_sentence"), _at("unit/workspace/test_routes", "what_gives_a_file_or_another_way_in_is_barred")),
    _blocked("B18", "A service worker or a store that stays", _at("unit/workspace/test_policy", "refused_is"), _at(_RELAY, "a_page_arrives_with_our_policy_and_not_as_a_download"), _at(_OWN_ORIGIN, "no_service_worker_is_left_behind", "a_stop_makes_the_browser_forget_what_the_workspaces_pages_kept"), _at(f"{_PORTAL}/test_workspaces", "one_stops_ones_own_workspace")),
    _blocked("B19", "Data in a browser's store after the log-out", _at("unit/workspace/test_policy", "only_static_files_may_be_kept_by_a_browser")),
    _blocked("B20", "Requests and web sockets from another site", _at(_RELAY, "a_websocket_from_elsewhere_is_refused"), _at("unit/workspace/test_policy", "refused_is", "the_workspaces_own_pages_and_a_link_to_it_pass")),
    _open("B21", "Copying, photographing and typing off the screen", "No page can stop it: what is on the screen can be kept. What is shown is already scrambled, and how much is shown is counted."),
)  # fmt: skip

SERVICES = (
    _blocked("E1", "Every door, every role", _at(f"{_PORTAL}/test_permissions", "a_door_turns_away_whom_no_permission_names_and_looking_in_changes_nothing", "a_door_lets_in_whom_the_permissions_name", "every_route_of_the_portal_stands_in_the_table")),
    _blocked("E2", "Approving one's own request", _at("unit/domain/test_lifecycle", "whoever_is_close_to_the_project_cannot_review_it", "an_author_who_left_the_project_still_cannot_review_their_own_request"), _at("integration/services/test_requests", "a_reviewer_who_joined_the_project_cannot_review_it")),
    _blocked("E3", "Another's number in an address", _at(f"{_PORTAL}/test_permissions", "another_projects_things_do_not_exist", "what_exists_and_what_does_not_sound_alike_to_a_stranger"), _at(_ISOLATION, "the_portal_knows_no_project_of_others")),
    _blocked("E4", "Fields that nobody asked for", _at(f"{_PORTAL}/test_permissions", "fields_that_are_not_asked_for_are_refused")),
    _blocked("E5", "A condition that has ended", _at("unit/domain/test_gate", "each_condition_alone_closes_the_gate"), _at(_SURVIVAL, "a_running_workspace_closes_soon_after_a_condition_is_lost_and_loses_no_work")),
    _blocked("E6", "A member who was removed, with everything still open", _at(_SURVIVAL, "a_running_workspace_closes_soon_after_a_condition_is_lost_and_loses_no_work"), _at(f"{_PORTAL}/test_login", "a_closed_account_is_out_at_the_next_request", "out_at_the_hub_is_out_here")),
    _blocked("E7", "A log-in that ends elsewhere", _at(f"{_PORTAL}/test_login", "a_log_in_never_ends_on_another_site"), _at("unit/web/test_paths", "anything_else_leads_home"), _at(_RELAY, "a_server_cannot_send_the_browser_elsewhere")),
    _blocked("E8", "A change that another site's page asks for", _at(f"{_PORTAL}/test_forgery", "a_change_without_the_right_token_or_from_another_site_is_refused", "a_change_is_never_taken_by_get", "looking_changes_nothing"), _at(_SERVER, "a_login_alone_does_not_send_a_request_without_the_page_s_own_token")),
    _blocked("E9", "A session made for somebody else", _at(f"{_PORTAL}/test_login", "a_fresh_log_in_leaves_no_trace_of_the_session_before", "logging_out_forgets_the_session_at_once", "a_made_up_cookie_is_nobody", "the_session_cookie_is_sealed_bound_to_our_path_and_out_of_reach_of_scripts")),
    _blocked("E10", "Names of a megabyte at the log-in", _at("e2e/test_logs", "a_name_of_a_megabyte_leaves_a_short_line"), reason="Guessing is slowed by the log-in's own cost alone: behind a public address, let the TLS terminator limit tries."),
    _blocked("E11", "Lines forged in the logs", _at("e2e/test_logs", "no_name_or_address_forges_a_line_or_colours_a_terminal")),
    _blocked("E12", "Secrets in the logs", _at("e2e/test_logs", "no_secret_of_anybody_is_in_the_logs"), _at(f"{_PORTAL}/test_pages", "an_unexpected_error_shows_a_number_and_logs_no_value")),
    _blocked("E13", "SQL in a filter", _at(f"{_PORTAL}/test_pages", "hostile_words_stay_words_on_every_page"), _at(f"{_PORTAL}/test_described_api", "no_endpoint_falls_over_or_answers_what_it_does_not_describe")),
    _blocked("E14", "Changing the audit log", _at("unit/store/test_audit", "our_own_connections_cannot_change_an_audit_row", "the_schema_itself_refuses_to_replace_a_row_on_a_connection_without_our_guards", "control_without_that_trigger_sqlite_lets_a_row_be_replaced_and_the_chain_tells", "an_altered_column_is_found", "a_rebuilt_chain_is_found_by_the_anchor")),
    _blocked("E15", "A crash between approval and release", _at(_SURVIVAL, "a_release_killed_at_random_moments_happens_once_and_verifies", "a_rerun_killed_at_random_moments_is_whole_each_time_and_finishes")),
    _blocked("E16", "Two decisions at once", _at("integration/services/test_requests", "two_last_decisions_at_once_are_counted_once_each", "an_examination_is_written_once")),
    _blocked("E17", "A clock that is set back", _at("unit/store/test_audit", "reordered_rows_are_found"), _at("unit/workspace/test_capability", "it_ends_at_its_time"), reason="Events are ordered by number and not by time. A clock set back lengthens what ends at a date."),
    _blocked("E18", "A database brought back from an old copy", _at("unit/store/test_audit", "a_cut_off_tail_is_found_by_the_anchor_even_when_the_head_was_turned_back")),
    _blocked("E19", "Two names that become one", _at("unit/workspace/test_capability", "a_name_that_could_pose_as_two_is_not_minted"), _at("integration/services/test_requests", "a_name_that_is_not_quite_a_requests_name_finds_nothing")),
    _blocked("E20", "Somebody the register does not know", _at(f"{_PORTAL}/test_login", "somebody_the_register_does_not_know_is_told_whom_to_ask", "a_token_of_the_hubs_that_is_not_for_the_portal_does_not_count")),
    _blocked("E21", "A switch that does nothing", _at("unit/domain/test_gate", "an_open_gate_means_that_every_rule_was_asked_and_agreed"), _at(_LOCKDOWN, "control_a_plain_interface_offers_all_of_them", "control_the_way_is_open_in_a_plain_server")),
    _blocked("E22", "An administrator drawn into somebody's workspace", _at(_ISOLATION, "somebody_elses_running_workspace_refuses", "the_hubs_pages_mint_no_token_and_start_no_server")),
    _blocked("E23", "The reviewers' page and a researcher's output", _at(f"{_PORTAL}/test_in_chromium", "nothing_in_an_items_frame_runs_or_loads_whatever_it_holds", "an_item_opened_alone_runs_nothing_either"), _at(_OWN_ORIGIN, "neither_hub_nor_portal_is_on_a_workspaces_host_and_no_workspace_on_theirs"), reason="Without a wildcard domain they share a host; an item is a document of its own in which nothing runs."),
    _blocked("E24", "A proxy to other services inside of a workspace", _at("redteam/test_catalogue", "nothing_is_installed_that_opens_a_way_in_or_out"), _at(_WAYS_OUT, "the_way_out_is_shut_for")),
    _blocked("E25", "A part that fails and lets through", _at(f"{_PORTAL}/test_login", "a_silent_hub_lets_nobody_in_and_says_so"), _at("unit/store/test_audit", "a_full_disk_is_told_plainly_and_changes_nothing"), _at("sandbox/test_doctor", "a_supervisor_starts_nothing_there_and_says_the_same")),
    _blocked("E26", "A forged or replayed manifest", _at("unit/release/test_bundle", "any_flipped_bit_is_found", "a_bundle_signed_again_by_somebody_else_is_not_ours", "a_signature_of_the_bare_manifest_is_no_signature_of_a_release")),
    _blocked("E27", "Another package under a known name", _at("redteam/test_catalogue", "every_package_is_pinned_by_its_hash")),
)  # fmt: skip

CATALOGUE = (*ESCAPE, *BROWSER, *SERVICES)
