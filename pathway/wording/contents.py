"""What a file of words must hold: every text by name, and the placeholders that each may use."""

# Texts without placeholders, by table.
_PLAIN = {
    "categories": "level background health history interplay",
    "kinds": "jobb kompetens hälsa social",
    "activity": "all_up all_down from_zero to_zero both none chance_least chance_most",
    "codes": """
        not_eligible prerequisite no_start_date hours excluded avoided too_little_data no_expected_gain
        less_gain
    """,
    "rules": """
        municipality municipality_missing age_missing age_at_start avoided comparable places
        intake_dates_none horizon_none once_none parallel best difference locked job_early gap
    """,
    "rule_names": """
        municipality age income_source swedish_level avoided comparable places validity intake_dates horizon once
        hours_limit weekly_load parallel budget required_insats required_level exclusion group worth max_activities
        required_wish best difference legal_length locked
        job_early gap
    """,
    "notes": """
        mock no_measurement too_few_comparable no_expected_gain other_versions cautious priced wished
        defaulted_case_phase defaulted_participations defaulted_wishes defaulted_goal
    """,
    "profile": """
        birth_year gender municipality education income_source months_without_work swedish_level
        children_at_home health_codes
    """,
    "themes": "best fewest_hours earliest_work health_first least_cost wishes_first",
    "against": "nothing_same",
    "ask": "none",
    "why_not": "never not_found loss_same overlooked",
    "what_if": """
        hours_per_week parallel horizon_weeks budget activities reachable forbid require other_goal
    """,
    "moved": "same none worth_same",
    "client": """
        title intro mock suggestion none insats when hours purpose_head purpose data_head data_none data_others
        not_used unknown decides_head decides object_head object records_head records caseworker phone officer
    """,
    "client_data": """
        birth_year municipality education income_source months_without_work swedish_level children_at_home
        health_codes participations wishes limits
    """,
    "caseload": "shared full left_out not_chosen",
    "simple_rule": "intro otherwise limits",
    "fixed": "decides mock_mark how_sure",
    "page": """
        title contents contents_caption as_of made status suggested abstained model_version
        catalogue_version suggestion_id mock to_top abstained_why abstained_what plan plan_worth_same proven
        nearly_proven timeline timeline_alt timeline_table insats kind_job kind_other from last hours load load_table
        load_details expected expected_alt indicator now without with difference difference_same difference_help
        activities reasons_table reason effect effect_same base total rounded weighed
        gains gains_table gain interval sure sure_all_up sure_all_down sure_from_zero sure_to_zero sure_both
        sure_none numbers numbers_table alternatives alternatives_table alternative_same reach_head first_plan why_not
        why_not_table why loss loss_same loss_none loss_not_found loss_help notes not_known how_to_read
    """,
}

# Texts with placeholders; a text may leave out what it has no use for.
_FILLED = {
    "activity.when": "insats start last",
    "activity.load": "hours length",
    "activity.up": "size indicator",
    "activity.down": "size indicator",
    "activity.same": "indicator",
    "activity.interval": "low high",
    "activity.chance": "n",
    "activity.also_up": "indicators",
    "activity.also_up_many": "n indicators",
    "activity.also_down": "indicators",
    "activity.also_down_many": "n indicators",
    "activity.based_on": "n",
    "activity.raised_by": "reasons",
    "activity.lowered_by": "reasons",
    "rules.age_from": "low found",
    "rules.age_to": "high found",
    "rules.age_between": "low high found",
    "rules.income_source": "needed found",
    "rules.income_source_missing": "needed",
    "rules.swedish_level": "needed found",
    "rules.swedish_level_missing": "needed",
    "rules.validity": "on",
    "rules.intake_dates": "on",
    "rules.horizon": "needed on found",
    "rules.legal_length": "needed found",
    "rules.once": "on",
    "rules.hours_limit": "needed found",
    "rules.weekly_load": "needed found",
    "rules.parallel_until": "on",
    "rules.budget": "needed found",
    "rules.max_activities": "needed found",
    "rules.required_insats": "other",
    "rules.required_level": "needed indicator found",
    "rules.required_level_missing": "needed indicator",
    "rules.exclusion": "other",
    "rules.group": "other",
    "rules.required_wish": "other",
    "rules.worth": "found needed",
    "notes.require_impossible": "insats reason",
    "notes.budget_low": "insats reason",
    "notes.nothing_possible": "rules",
    "notes.nothing_unknown": "rules parts",
    "notes.closed_by_unknown": "n parts",
    "notes.require_conflict": "rules",
    "notes.few_comparable": "insats n",
    "notes.unknown_cause": "insats times feature",
    "notes.not_proven": "gap",
    "notes.unmeasured": "indicators",
    "notes.old_measurement": "date",
    "notes.defaulted_hours": "hours",
    "notes.defaulted_parallel": "n",
    "notes.defaulted_horizon": "weeks",
    "notes.defaulted_profile": "parts",
    "notes.ignored": "fields",
    "notes.goal_work": "weights",
    "caseload.changed": "size insatser",
    "caseload.spread": "size",
    "caseload.nothing": "insatser",
    "fixed.steps": "min max",
    "simple_rule.if_below": "feature value",
    "simple_rule.if_answer": "feature values",
    "simple_rule.begin": "insats",
    "simple_rule.then": "insatser",
    "simple_rule.worth": "n share taken",
    "simple_rule.first": "share best",
    "place.locked": "insats",
    "place.as_of": "insats",
    "place.queue": "insats weeks",
    "place.intake_dates": "insats",
    "place.validity": "insats",
    "place.required_insats": "insats other",
    "place.required_level": "insats indicator needed now reached month",
    "place.exclusion": "insats other",
    "place.once": "insats",
    "place.weekly_load": "insats found limit",
    "place.parallel": "insats found limit",
    "place.age": "insats found limit",
    "place.beside_job": "insats other",
    "place.best": "insats",
    "place.opens": "others",
    "place.beside": "others",
    "place.beside_job_too": "others",
    "place.beside_up": "size",
    "place.beside_down": "size",
    "place.lifts": "",
    "against.nothing_up": "size",
    "against.nothing_down": "size",
    "against.other_up": "size rank",
    "against.other_same": "rank",
    "against.other_down": "size rank",
    "against.level": "indicator first other",
    "against.costs": "hours cost",
    "why_not.loss_down": "size",
    "why_not.loss_up": "size",
    "why_not.level_reached": "indicator needed now reached month",
    "why_not.level_short": "indicator needed now reached",
    "why_not.no_time": "needed found",
    "moved.added": "insats start",
    "moved.removed": "insats",
    "moved.earlier": "insats start before",
    "moved.later": "insats start before",
    "moved.hours": "insats hours before",
    "moved.length": "insats length before",
    "moved.worth_up": "size",
    "moved.worth_down": "size",
    "moved.level_up": "indicator level before",
    "moved.level_down": "indicator level before",
    "turn.found": "n",
    "turn.not_found": "n",
    "turn.answer": "indicator then now",
    "turn.turns": "changes insats",
    "ask.first": "part n of",
    "ask.plan": "part",
    "ask.nothing": "part",
    "client.span": "start last",
    "client.more": "n",
    "client.expects": "indicators",
    "client.chance": "n",
    "client.data": "parts",
    "client.reasons": "reasons",
    "client.foot": "suggestion date model",
    "client_data.ratings": "date",
    "page.case": "case",
    "page.made_at": "date time",
    "page.plan_worth_up": "size",
    "page.plan_worth_down": "size",
    "page.not_proven": "gap",
    "page.hours_short": "hours",
    "page.hours_week": "hours",
    "page.load_limit": "hours",
    "page.load_alt": "hours",
    "page.expected_table": "date",
    "page.difference_up": "size",
    "page.difference_down": "size",
    "page.between": "low high",
    "page.reach": "indicator target n",
    "page.chance": "n",
    "page.almost": "n",
    "page.rest": "n",
    "page.running": "insatser",
    "page.assumed": "level",
    "page.effect_up": "size",
    "page.effect_down": "size",
    "page.alternative": "rank",
    "page.alternative_up": "size",
    "page.alternative_down": "size",
    "page.loss_down": "size",
    "page.loss_up": "size",
}

TEMPLATES: dict[str, tuple[str, ...]] = {
    **{f"{table}.{name}": () for table, names in _PLAIN.items() for name in names.split()},
    **{key: tuple(names.split()) for key, names in _FILLED.items()},
}
LISTS = ("fixed.not_known", "page.abstained_help")  # several sentences each, without placeholders
FAMILY_PLACEHOLDERS = ("indicator",)  # in the words of a feature that there is one of per indicator
UNITS = (
    "step",
    "day",
    "week",
    "month",
    "year",
    "hour",
    "percent",
    "krona",
    "indicator",
    "insats",
    "quarter",
    "participation",
    "measurement",
    "answer",
)
