"""What a file of words must hold: every text by name, and the placeholders that each may use."""

# Texts without placeholders, by table.
_PLAIN = {
    "categories": "level background health history interplay",
    "kinds": "jobb kompetens hälsa social",
    "activity": "all_up all_down from_zero to_zero both none",
    "codes": """
        not_eligible prerequisite no_start_date hours excluded avoided too_little_data no_expected_gain
        less_gain
    """,
    "rules": """
        municipality municipality_missing age_missing age_at_start avoided comparable places
        intake_dates_none horizon_none once_none parallel best difference
    """,
    "rule_names": """
        municipality age income_source swedish_level avoided comparable places validity intake_dates horizon once
        hours_limit weekly_load parallel budget required_insats required_level exclusion group worth max_activities
        required_wish best difference
    """,
    "notes": """
        mock no_measurement too_few_comparable no_expected_gain nothing_possible cautious wished
        defaulted_case_phase defaulted_participations defaulted_wishes defaulted_goal
    """,
    "profile": """
        birth_year gender municipality education income_source months_without_work swedish_level
        children_at_home health_codes
    """,
    "fixed": "decides mock_mark how_sure",
    "page": """
        title contents contents_caption as_of made status suggested abstained model_version
        catalogue_version suggestion_id mock to_top abstained_why abstained_what plan plan_worth_same proven
        timeline timeline_alt timeline_table insats kind_job kind_other from last hours load load_table load_details
        expected expected_alt indicator now without with difference difference_same difference_help
        activities reasons_table reason effect effect_same base total rounded weighed
        gains gains_table gain interval sure sure_all_up sure_all_down sure_from_zero sure_to_zero sure_both
        sure_none numbers numbers_table alternatives alternatives_table alternative_same first_plan why_not
        why_not_table why loss loss_same loss_none loss_help notes not_known how_to_read
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
    "fixed.steps": "min max",
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
